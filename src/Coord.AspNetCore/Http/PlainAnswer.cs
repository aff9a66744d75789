using System.Text;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Http;

/// <summary>Writes whole small answers.</summary>
internal static class PlainAnswer
{
    public const string Json = "application/json";
    public const string Text = "text/plain; charset=utf-8";

    public static async Task WriteAsync(HttpContext context, int status, string contentType, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Answers as etcd does if the method is another one, and tells whether it did.</summary>
    public static async ValueTask<bool> RefusedAsync(HttpContext context, string method)
    {
        if (context.Request.Method == method)
            return false;

        context.Response.Headers.Allow = method;
        await WriteAsync(context, StatusCodes.Status405MethodNotAllowed, Text, "Method Not Allowed\n")
            .ConfigureAwait(false);
        return true;
    }
}
