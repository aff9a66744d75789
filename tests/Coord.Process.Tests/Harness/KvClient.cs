using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Coord.Process.Tests.Harness;

/// <summary>What a writer learnt of its write.</summary>
internal enum WriteOutcome
{
    Acknowledged,
    DidNotHappen,
    Unknown,
}

internal sealed record WriteResult(WriteOutcome Outcome, long Revision, string Error);

internal sealed record KeyValueEntry(string Key, string Value, long CreateRevision, long ModRevision, long Version);

internal sealed record KeyRangeAnswer(long Revision, long Count, IReadOnlyList<KeyValueEntry> Kvs);

internal sealed record MemberStatus(
    string Name, string Role, string? Leader, long Term, long CommitIndex, long AppliedIndex, long Revision);

internal sealed record WatchedEvent(string Type, string Key, string? Value, long Revision);

/// <summary>A client of one member's client port. It never tries again by itself: tests count each attempt.</summary>
internal sealed class KvClient : IDisposable
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly HttpClient _http;

    public KvClient(Uri address, HttpMessageHandler? handler = null) => _http =
        new HttpClient(handler ?? new SocketsHttpHandler())
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(30),
        };

    public HttpClient Http => _http;

    public async Task<WriteResult> PutAsync(string key, string value, CancellationToken cancellationToken = default)
    {
        try
        {
            using StringContent body = new(value);
            using HttpResponseMessage response = await _http.PutAsync(PathOf(key), body, cancellationToken);
            return Judge(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (HttpRequestException exception)
        {
            // Only where no connection was made is it certain that nothing was sent.
            bool unsent = exception.HttpRequestError is HttpRequestError.ConnectionError;
            return new(unsent ? WriteOutcome.DidNotHappen : WriteOutcome.Unknown, 0, exception.Message);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            return new(WriteOutcome.Unknown, 0, exception.Message);
        }
    }

    /// <summary>Puts and expects it to succeed.</summary>
    public async Task<long> MustPutAsync(string key, string value)
    {
        WriteResult result = await PutAsync(key, value);
        Assert.True(result.Outcome is WriteOutcome.Acknowledged, $"put {key}: {result}");
        return result.Revision;
    }

    /// <summary>Reads a key; null if it does not exist.</summary>
    /// <exception cref="HttpRequestException">The member did not answer, or refused.</exception>
    public async Task<KeyValueEntry?> GetAsync(string key, bool serializable = false)
    {
        using HttpResponseMessage response = await _http.GetAsync($"{PathOf(key)}?serializable={Text(serializable)}");
        if (response.StatusCode is HttpStatusCode.NotFound)
            return null;

        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<KeyValueEntry>(Json);
    }

    /// <summary>Reads a key linearizably; null if it does not exist, or the member says that it cannot.</summary>
    public async Task<KeyValueEntry?> TryGetAsync(string key)
    {
        try
        {
            return await GetAsync(key);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <exception cref="HttpRequestException">The member did not answer, or refused.</exception>
    public async Task<KeyRangeAnswer> GetPrefixAsync(string prefix, bool serializable = false) =>
        (await _http.GetFromJsonAsync<KeyRangeAnswer>(
            $"v1/kv?prefix={Uri.EscapeDataString(prefix)}&serializable={Text(serializable)}", Json))!;

    /// <summary>Asks how the member stands; null if it does not answer.</summary>
    public async Task<MemberStatus?> TryGetStatusAsync()
    {
        using CancellationTokenSource giveUp = new(TimeSpan.FromSeconds(2));
        try
        {
            return await _http.GetFromJsonAsync<MemberStatus>("v1/status", Json, giveUp.Token);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>Reads a watch from a revision on, until it breaks or is cancelled.</summary>
    public async IAsyncEnumerable<WatchedEvent> WatchAsync(
        string prefix, long revision,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string path = $"v1/watch?prefix={Uri.EscapeDataString(prefix)}&revision={revision}";
        using Stream stream = await _http.GetStreamAsync(path, cancellationToken);
        using StreamReader reader = new(stream);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("{\"error\"", StringComparison.Ordinal))
                throw new InvalidDataException(line);

            yield return JsonSerializer.Deserialize<WatchedEvent>(line, Json)!;
        }
    }

    public void Dispose() => _http.Dispose();

    private static string PathOf(string key) => $"v1/kv/{Uri.EscapeDataString(key)}";

    private static string Text(bool value) => value ? "true" : "false";

    private static WriteResult Judge(HttpStatusCode status, string body)
    {
        using JsonDocument json = JsonDocument.Parse(body);
        if (status is HttpStatusCode.OK)
            return new(WriteOutcome.Acknowledged, json.RootElement.GetProperty("revision").GetInt64(), "");

        bool certain = json.RootElement.GetProperty("outcome").GetString() == "did-not-happen";
        return new(certain ? WriteOutcome.DidNotHappen : WriteOutcome.Unknown, 0, $"{(int)status} {body}");
    }
}
