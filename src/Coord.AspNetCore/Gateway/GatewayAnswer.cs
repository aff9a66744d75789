using System.Buffers;
using System.Text;
using Coord.AspNetCore.Http;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Coord.AspNetCore.Gateway;

/// <summary>How the gateway says that a call failed.</summary>
internal static class GatewayAnswer
{
    /// <summary>Answers with an error, before anything else was.</summary>
    public static async Task WriteErrorAsync(HttpContext context, Status status)
    {
        ArrayBufferWriter<byte> body = new();
        body.Write("{\"error\":"u8);
        WriteText(body, status.Detail);
        body.Write(",\"message\":"u8);
        WriteText(body, status.Detail);
        body.Write(Encoding.ASCII.GetBytes($",\"code\":{(int)status.StatusCode}}}"));
        context.Response.StatusCode = HttpStatus(status.StatusCode);
        context.Response.ContentType = PlainAnswer.Json;
        context.Response.ContentLength = body.WrittenCount;
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Ends a stream with an error; if nothing was sent, the HTTP status tells it as well.</summary>
    public static async Task WriteStreamErrorAsync(HttpContext context, Status status)
    {
        int http = HttpStatus(status.StatusCode);
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = http;
            context.Response.ContentType = PlainAnswer.Json;
        }

        IBufferWriter<byte> body = context.Response.BodyWriter;
        body.Write(Encoding.ASCII.GetBytes(
            $"{{\"error\":{{\"grpc_code\":{(int)status.StatusCode},\"http_code\":{http}"));
        if (status.Detail.Length > 0)
        {
            body.Write(",\"message\":"u8);
            WriteText(body, status.Detail);
        }

        body.Write(Encoding.ASCII.GetBytes($",\"http_status\":\"{ReasonPhrases.GetReasonPhrase(http)}\"}}}}"));
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static int HttpStatus(StatusCode code) => code switch
    {
        StatusCode.OK => StatusCodes.Status200OK,
        StatusCode.Cancelled => StatusCodes.Status408RequestTimeout,
        StatusCode.InvalidArgument or StatusCode.OutOfRange => StatusCodes.Status400BadRequest,
        StatusCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.AlreadyExists or StatusCode.Aborted => StatusCodes.Status409Conflict,
        StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
        StatusCode.Unauthenticated => StatusCodes.Status401Unauthorized,
        StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        StatusCode.FailedPrecondition => StatusCodes.Status412PreconditionFailed,
        StatusCode.Unimplemented => StatusCodes.Status501NotImplemented,
        StatusCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static void WriteText(IBufferWriter<byte> body, string text) =>
        GoText.WriteString(body, Encoding.UTF8.GetBytes(text));
}
