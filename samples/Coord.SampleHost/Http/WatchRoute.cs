using Coord.Kv;

namespace Coord.SampleHost.Http;

/// <summary>Streams changes as lines of JSON: <c>curl -N host:2379/v1/watch?prefix=a</c>.</summary>
internal static class WatchRoute
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/watch", WatchAsync);

    private static async Task WatchAsync(HttpContext context, IKeyValueStore store, IHostApplicationLifetime lifetime)
    {
        KeyRange range = KeyRange.Prefix(context.Request.Query["prefix"].ToString());
        WatchOptions options = new() { StartRevision = new Revision(KeyValueRoutes.Number(context, "revision")) };
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping);
        IAsyncEnumerable<WatchBatch> watch = store.WatchAsync(range, options, stop.Token);

        // The headers tell the client that from now on it misses nothing.
        context.Response.ContentType = "application/x-ndjson; charset=utf-8";
        await context.Response.StartAsync(stop.Token);
        await context.Response.Body.FlushAsync(stop.Token);
        try
        {
            await foreach (WatchBatch batch in watch)
            {
                foreach (WatchEvent change in batch.Events)
                    await Answer.WriteLineAsync(context, Describe(change));

                await context.Response.Body.FlushAsync(stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client left or the host stops: the stream ends between two lines, and can be taken up elsewhere.
        }
    }

    private static EventJson Describe(WatchEvent change)
    {
        string key = change.KeyValue.KeyString;
        long revision = change.Revision.Value;
        if (change.Kind is WatchEventKind.Delete)
            return new EventJson("delete", key, null, null, revision);

        (string? text, string? base64) = KeyValueRoutes.TextOrBase64(change.KeyValue.Value);
        return new EventJson("put", key, text, base64, revision);
    }
}
