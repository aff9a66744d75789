using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Coord.SampleHost.Http;

/// <summary>Writes JSON answers: one line each, so that a terminal is not left in the middle of one.</summary>
internal static class Answer
{
    /// <summary>Answers are read in terminals and never put into HTML, so text stays as it is.</summary>
    private static readonly HostJson Json = new(
        new JsonSerializerOptions(HostJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static async Task WriteAsync<T>(HttpContext context, T value, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        await WriteLineAsync(context, value);
    }

    public static async Task WriteLineAsync<T>(HttpContext context, T value)
    {
        JsonTypeInfo<T> type = (JsonTypeInfo<T>)Json.GetTypeInfo(typeof(T))!;
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(value, type), (byte)'\n'];
        await context.Response.Body.WriteAsync(line, context.RequestAborted);
    }
}
