using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace Coord.AspNetCore.Tests.Gateway;

/// <summary>Sends the requests of a transcript, and makes of the answers what can be compared.</summary>
/// <remarks>What differs from run to run is masked: who answers, where, in which term, and drawn ids.</remarks>
internal sealed partial class TranscriptRunner(Uri address) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        BaseAddress = address,
        Timeout = Patience,
    };

    private readonly Dictionary<string, string> _ids = [];

    public void Dispose() => _client.Dispose();

    public async Task<string> RunAsync(TranscriptCase request)
    {
        using CancellationTokenSource timeout = new(Patience);
        using HttpRequestMessage message = new(new HttpMethod(request.Method), new Uri(address, request.Path));
        if (request.Bytes.Length > 0 || request.Method != "GET")
        {
            message.Content = new ByteArrayContent(request.Bytes);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        }

        try
        {
            using HttpResponseMessage response = await _client.SendAsync(
                message, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            string body = await ReadAsync(response, request.Lines, timeout.Token);
            string head = $"-- {(int)response.StatusCode} {response.Content.Headers.ContentType}".TrimEnd();
            return Mask($"{head}\n{body}").Trim();
        }
        catch (HttpRequestException)
        {
            return "-- no answer";
        }
    }

    /// <summary>Reads to the end, or as many lines as are asked for; says so if a stream has fewer.</summary>
    private static async Task<string> ReadAsync(HttpResponseMessage response, int? lines, CancellationToken timeout)
    {
        if (lines is not > 0)
            return (await response.Content.ReadAsStringAsync(timeout)).TrimEnd('\n');

        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(timeout));
        StringBuilder body = new();
        for (int count = 0; count < lines; count++)
        {
            if (await reader.ReadLineAsync(timeout) is not { } line)
                return body.Append("<end>").ToString();

            body.Append(line).Append('\n');
        }

        return body.ToString().TrimEnd('\n');
    }

    private string Mask(string text)
    {
        text = Changing().Replace(text, "\"$1\":*");
        text = Size().Replace(text, "");
        text = Version().Replace(text, "<version>");
        text = Address().Replace(text, "http://<address>");
        text = Blob().Replace(text, "\"blob\":*");
        return DrawnId().Replace(text, match =>
        {
            if (!_ids.TryGetValue(match.Value, out string? id))
                _ids.Add(match.Value, id = $"<id{_ids.Count + 1}>");
            return id;
        });
    }

    [GeneratedRegex("\"(cluster_id|member_id|raft_term|leader|raftIndex|raftTerm|raftAppliedIndex|hash)\":\"?\\d+\"?")]
    private static partial Regex Changing();

    [GeneratedRegex(@"\b3\.\d+\.\d+\b")]
    private static partial Regex Version();

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();

    /// <summary>How large a file is; there is no file where nothing was written.</summary>
    [GeneratedRegex(",\"(dbSize|dbSizeInUse)\":\"\\d+\"|\"remaining_bytes\":\"\\d+\",")]
    private static partial Regex Size();

    [GeneratedRegex("\"blob\":\"[^\"]*\"")]
    private static partial Regex Blob();

    /// <summary>An id that somebody drew, as a string in JSON. The bounds of 64 bits are none.</summary>
    [GeneratedRegex("(?<=\")(?!9223372036854775807|-9223372036854775808)-?\\d{14,20}(?=\")")]
    private static partial Regex DrawnId();
}
