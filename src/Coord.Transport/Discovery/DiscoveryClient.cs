using System.Globalization;
using System.Net;

namespace Coord.Transport.Discovery;

/// <summary>The requests to a discovery service, one attempt each. Every answer is bounded in size and time.</summary>
internal sealed class DiscoveryClient(
    HttpClient http, DiscoveryUrl url, DiscoveryOptions options, TimeProvider timeProvider)
{
    private const int MaxSize = MemberList.MaxMembers;

    /// <summary>What became of a registration.</summary>
    public enum Registration
    {
        /// <summary>The key is there now.</summary>
        Created,

        /// <summary>The key was there before.</summary>
        Exists,

        /// <summary>The service takes no more members for this token.</summary>
        Full,
    }

    /// <summary>Reads how many members the cluster begins with.</summary>
    public async Task<int> ReadSizeAsync(CancellationToken cancellationToken)
    {
        (DiscoveryAnswer answer, _) = await GetAsync("/_config/size", options.RequestTimeout, cancellationToken)
            .ConfigureAwait(false) ?? throw Malformed("an empty answer");
        string text = Expect(answer).Value;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int size)
            && size is > 0 and <= MaxSize
            ? size
            : throw new BootstrapException(
                $"The size of the cluster is '{MemberList.Shown(text)}' for {url}; it must be a number from 1 to "
                + $"{MaxSize}. Create another token (coordctl discovery new --size 3).");
    }

    /// <summary>Reads who has registered, in the order of registration, and the index to wait from.</summary>
    public async Task<(IReadOnlyList<DiscoveryNode> Members, long Index)> ReadMembersAsync(
        CancellationToken cancellationToken)
    {
        (DiscoveryAnswer answer, long index) = await GetAsync("", options.RequestTimeout, cancellationToken)
            .ConfigureAwait(false) ?? throw Malformed("an empty answer");
        Expect(answer);
        DiscoveryNode[] members =
        [
            .. answer.Nodes.Where(node => node.IsMember)
                .OrderBy(node => node.CreatedIndex).ThenBy(node => node.Id, StringComparer.Ordinal),
        ];
        return (members, index);
    }

    /// <summary>Reads one registration; null if there is none.</summary>
    public async Task<DiscoveryNode?> ReadMemberAsync(string id, CancellationToken cancellationToken)
    {
        (DiscoveryAnswer answer, _) = await GetAsync($"/{id}", options.RequestTimeout, cancellationToken)
            .ConfigureAwait(false) ?? throw Malformed("an empty answer");
        return answer.ErrorCode == DiscoveryAnswer.KeyNotFound ? null : Expect(answer);
    }

    /// <summary>Registers a member, unless its key exists.</summary>
    public async Task<Registration> RegisterAsync(string id, string value, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, $"{url.Base}/{id}?prevExist=false")
        {
            Content = new FormUrlEncodedContent([new KeyValuePair<string, string>("value", value)]),
        };
        (DiscoveryAnswer answer, _) = await SendAsync(request, options.RequestTimeout, cancellationToken)
            .ConfigureAwait(false) ?? throw Malformed("an empty answer");
        if (answer.ErrorCode == DiscoveryAnswer.AlreadyExists)
            return Registration.Exists;
        if (answer.ErrorCode == DiscoveryAnswer.NoMorePeers)
            return Registration.Full;

        Expect(answer);
        return Registration.Created;
    }

    /// <summary>Takes a registration back.</summary>
    public async Task UnregisterAsync(string id, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Delete, $"{url.Base}/{id}");
        await SendAsync(request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the next change at or after an index; null if the service has none to tell yet.</summary>
    public async Task<DiscoveryAnswer?> WaitAsync(long index, CancellationToken cancellationToken)
    {
        (DiscoveryAnswer Answer, long Index)? answer = await GetAsync(
            $"?recursive=true&wait=true&waitIndex={index}", options.LongPollTimeout, cancellationToken)
            .ConfigureAwait(false);
        return answer?.Answer;
    }

    /// <summary>Waits until the server that is asked has a registration that another has taken.</summary>
    public async Task WaitForOwnAsync(DiscoveryNode own, CancellationToken cancellationToken) =>
        await GetAsync(
            $"/{own.Id}?recursive=false&wait=true&waitIndex={own.CreatedIndex}", options.RequestTimeout,
            cancellationToken).ConfigureAwait(false);

    private async Task<(DiscoveryAnswer Answer, long Index)?> GetAsync(
        string path, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, url.Base + path);
        return await SendAsync(request, timeout, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(DiscoveryAnswer Answer, long Index)?> SendAsync(
        HttpRequestMessage request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(timeout, timeProvider);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            using HttpResponseMessage response = await http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            ThrowIfUnavailable(response);
            ThrowIfElsewhere(response);
            byte[] body = await ReadBodyAsync(response, either.Token).ConfigureAwait(false);
            if (body.Length == 0 && response.IsSuccessStatusCode)
                return null;

            string? header = response.Headers.TryGetValues("X-Etcd-Index", out IEnumerable<string>? values)
                ? values.FirstOrDefault() : null;
            bool hasIndex = long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out long index);
            DiscoveryAnswer answer = DiscoveryAnswer.TryParse(body)
                ?? throw Malformed($"status {(int)response.StatusCode} and no JSON of etcd's");
            return response.IsSuccessStatusCode || answer.ErrorCode != 0
                ? (answer, hasIndex ? index : 0)
                : throw Malformed($"status {(int)response.StatusCode}");
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DiscoveryUnavailableException("it did not answer in time", null, exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new DiscoveryUnavailableException(exception.Message.TrimEnd('.'), null, exception);
        }
    }

    private static void ThrowIfUnavailable(HttpResponseMessage response)
    {
        int status = (int)response.StatusCode;
        bool isPassing = status >= 500
            || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;
        if (isPassing)
        {
            throw new DiscoveryUnavailableException(
                $"it answered with status {status}", response.Headers.RetryAfter?.Delta);
        }
    }

    /// <summary>Follows no redirection: who answers could send this node to any address of its network.</summary>
    private void ThrowIfElsewhere(HttpResponseMessage response)
    {
        if ((int)response.StatusCode is < 300 or >= 400)
            return;

        Uri? location = response.Headers.Location;
        string target = location is { IsAbsoluteUri: true }
            ? MemberList.Shown(location.GetLeftPart(UriPartial.Authority))
            : "another path";
        throw new BootstrapException(
            $"The discovery service for {url} sends on to {target}, which is not followed. If that is where the token "
            + "is, give its URL there to all nodes.");
    }

    private async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using MemoryStream body = new();
            byte[] buffer = new byte[8 << 10];
            while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                if (body.Length + read > DiscoveryAnswer.MaxBytes)
                    throw Malformed($"more than {DiscoveryAnswer.MaxBytes >> 20} MiB");
                body.Write(buffer, 0, read);
            }

            return body.ToArray();
        }
    }

    /// <summary>Returns the key that an answer is about.</summary>
    private DiscoveryNode Expect(DiscoveryAnswer answer)
    {
        if (answer.ErrorCode == DiscoveryAnswer.KeyNotFound)
        {
            const string Another = "create another token (coordctl discovery new --size 3) and give its URL to all "
                + "nodes.";
            throw new BootstrapException(answer.IsExpired
                ? $"It is too late: {url} has expired. A cluster that formed by it needs it no longer, and is joined "
                    + $"by coordctl member add; for a new cluster {Another}"
                : $"The discovery service does not know {url}, or has forgotten it long ago. Compare the URL with the "
                    + $"one that was created, to the letter, or {Another}");
        }

        if (answer.ErrorCode != 0)
        {
            throw new BootstrapException(
                $"The discovery service refuses {url}: {MemberList.Shown(answer.Message)} "
                + $"(error {answer.ErrorCode.ToString(CultureInfo.InvariantCulture)}).");
        }

        return answer.Node ?? throw Malformed("no key");
    }

    private BootstrapException Malformed(string what) => new(
        $"What answers for {url} is no discovery service: it sent {what}. Check the URL.");
}
