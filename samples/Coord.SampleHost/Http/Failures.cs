using Coord.Kv;
using Coord.Raft;
using Microsoft.AspNetCore.Connections;

namespace Coord.SampleHost.Http;

/// <summary>Turns what went wrong into a status and a line of JSON, with whether the write may have happened.</summary>
internal static class Failures
{
    private const string DidNotHappen = "did-not-happen";
    private const string Unknown = "unknown";

    /// <summary>The outermost step of each request.</summary>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
        }
        catch (ConnectionResetException)
        {
            // The client went away while its request was read.
        }
        catch (Exception exception)
        {
            (int status, string outcome) = Judge(exception);
            if (status == StatusCodes.Status500InternalServerError)
            {
                ILogger logger = context.RequestServices.GetRequiredService<ILogger<HostJson>>();
                logger.LogError(exception, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
            }

            ErrorJson error = new(exception.Message, outcome);
            if (context.Response.HasStarted)
                await Answer.WriteLineAsync(context, error);
            else
                await Answer.WriteAsync(context, error, status);
        }
    }

    private static (int Status, string Outcome) Judge(Exception exception) => exception switch
    {
        RequestTooLargeException => (StatusCodes.Status413PayloadTooLarge, DidNotHappen),
        SpaceExceededException => (StatusCodes.Status507InsufficientStorage, DidNotHappen),
        CompactedException or FutureRevisionException => (StatusCodes.Status400BadRequest, DidNotHappen),
        CoordException coord => (StatusCodes.Status503ServiceUnavailable, NameOf(coord.Outcome)),
        ObjectDisposedException => (StatusCodes.Status503ServiceUnavailable, Unknown),
        ArgumentException or FormatException => (StatusCodes.Status400BadRequest, DidNotHappen),
        BadHttpRequestException bad => (bad.StatusCode, DidNotHappen),
        _ => (StatusCodes.Status500InternalServerError, Unknown),
    };

    private static string NameOf(Outcome outcome) => outcome is Outcome.DidNotHappen ? DidNotHappen : Unknown;
}
