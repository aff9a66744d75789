using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Coord.Kv;
using Microsoft.AspNetCore.Http.Features;

namespace Coord.SampleHost.Http;

/// <summary>A small surface over the store for curl, until the etcd API takes this port.</summary>
/// <remarks>
/// Keys are the rest of the path and values are bodies, byte for byte. Reads are linearizable unless
/// <c>serializable=true</c> is asked for, which any member answers from what it has.
/// </remarks>
internal static class KeyValueRoutes
{
    private const string KeyPath = "/v1/kv/";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut(KeyPath + "{**key}", PutAsync);
        routes.MapGet(KeyPath + "{**key}", GetAsync);
        routes.MapDelete(KeyPath + "{**key}", DeleteKeyAsync);
        routes.MapGet("/v1/kv", GetPrefixAsync);
        routes.MapDelete("/v1/kv", DeletePrefixAsync);
    }

    public static KeyValueJson Describe(KeyValue pair)
    {
        (string? text, string? base64) = TextOrBase64(pair.Value);
        return new KeyValueJson(
            pair.KeyString, text, base64, pair.CreateRevision.Value, pair.ModRevision.Value, pair.Version);
    }

    public static (string? Text, string? Base64) TextOrBase64(ReadOnlyMemory<byte> value) =>
        Utf8.IsValid(value.Span)
            ? (Encoding.UTF8.GetString(value.Span), null)
            : (null, Convert.ToBase64String(value.Span));

    public static long Number(HttpContext context, string name)
    {
        string? text = context.Request.Query[name];
        if (string.IsNullOrEmpty(text))
            return 0;

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new FormatException($"The parameter '{name}' is '{text}', which is no number.");
    }

    public static bool Flag(HttpContext context, string name) => (string?)context.Request.Query[name] switch
    {
        null or "false" or "0" => false,
        "" or "true" or "1" => true,
        string other => throw new FormatException($"The parameter '{name}' is '{other}'; it takes true or false."),
    };

    private static async Task PutAsync(HttpContext context, IKeyValueStore store)
    {
        string key = KeyOf(context);
        byte[] value = await ReadBodyAsync(context);

        // Not the request's token: a client that hangs up does not undo the write, so the answer stays true.
        PutResult result = await store.PutAsync(Encoding.UTF8.GetBytes(key), value, null, CancellationToken.None);
        await Answer.WriteAsync(context, new PutJson(key, result.Revision.Value));
    }

    private static async Task GetAsync(HttpContext context, IKeyValueStore store)
    {
        GetResult result = await store.GetAsync(
            KeyRange.Single(KeyOf(context)), ReadOptions(context), context.RequestAborted);
        if (result.First is not { } pair)
        {
            ErrorJson missing = new("There is no such key.", Revision: result.Revision.Value);
            await Answer.WriteAsync(context, missing, StatusCodes.Status404NotFound);
            return;
        }

        await Answer.WriteAsync(context, Describe(pair) with { Revision = result.Revision.Value });
    }

    private static async Task GetPrefixAsync(HttpContext context, IKeyValueStore store)
    {
        GetResult result = await store.GetAsync(PrefixOf(context), ReadOptions(context), context.RequestAborted);
        RangeJson range = new(
            result.Revision.Value, result.Count, result.More, [.. result.KeyValues.Select(Describe)]);
        await Answer.WriteAsync(context, range);
    }

    private static Task DeleteKeyAsync(HttpContext context, IKeyValueStore store) =>
        DeleteAsync(context, store, KeyRange.Single(KeyOf(context)));

    private static Task DeletePrefixAsync(HttpContext context, IKeyValueStore store) =>
        DeleteAsync(context, store, PrefixOf(context));

    private static async Task DeleteAsync(HttpContext context, IKeyValueStore store, KeyRange range)
    {
        DeleteResult result = await store.DeleteAsync(range, null, CancellationToken.None);
        await Answer.WriteAsync(context, new DeleteJson(result.Deleted, result.Revision.Value));
    }

    private static GetOptions ReadOptions(HttpContext context) => new()
    {
        Serializable = Flag(context, "serializable"),
        Revision = new Revision(Number(context, "revision")),
        Limit = Number(context, "limit"),
    };

    /// <summary>Takes the key from the target as it was sent: routing treats escaped slashes in its own way.</summary>
    private static string KeyOf(HttpContext context)
    {
        string target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        int query = target.IndexOf('?', StringComparison.Ordinal);
        string path = query < 0 ? target : target[..query];
        int start = path.IndexOf(KeyPath, StringComparison.OrdinalIgnoreCase);
        string key = start < 0 ? "" : Uri.UnescapeDataString(path[(start + KeyPath.Length)..]);
        return key.Length > 0 ? key : throw new FormatException("The key is missing: /v1/kv/<key>.");
    }

    private static KeyRange PrefixOf(HttpContext context) =>
        context.Request.Query.TryGetValue("prefix", out var prefix)
            ? KeyRange.Prefix(prefix.ToString())
            : throw new FormatException("Give the key in the path, or ?prefix= (which may be empty).");

    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }
}
