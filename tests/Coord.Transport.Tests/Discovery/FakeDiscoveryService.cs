using System.Net;
using System.Text;
using System.Text.Json;

namespace Coord.Transport.Tests.Discovery;

/// <summary>A discovery service in memory, with one token; a test can let it fail, lie or be late.</summary>
internal sealed class FakeDiscoveryService : HttpMessageHandler
{
    public const string Token = "25943557a904e4f729396c6ba2f47e94";
    public const string Url = "http://discovery.test/" + Token;

    private readonly Lock _lock = new();
    private readonly List<(string Id, string Value, long Index)> _members = [];
    private readonly List<string> _requests = [];
    private TaskCompletionSource _changed = New();
    private long _index = 7;

    /// <summary>What the size says.</summary>
    public string Size { get; set; } = "3";

    /// <summary>Looked at before each request: an answer in the place of the service's, or null.</summary>
    public Func<HttpRequestMessage, Task<HttpResponseMessage?>> Intercept { get; set; } =
        _ => Task.FromResult<HttpResponseMessage?>(null);

    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_lock)
                return [.. _requests];
        }
    }

    public IReadOnlyList<string> Ids
    {
        get
        {
            lock (_lock)
                return [.. _members.Select(member => member.Id)];
        }
    }

    public static HttpResponseMessage Answer(HttpStatusCode status, string body, long index = 0)
    {
        HttpResponseMessage response = new(status) { Content = new StringContent(body, Encoding.UTF8) };
        response.Headers.Add("X-Etcd-Index", $"{index}");
        return response;
    }

    public void Add(string id, string value)
    {
        lock (_lock)
        {
            _members.Add((id, value, ++_index));
            TaskCompletionSource changed = _changed;
            _changed = New();
            changed.SetResult();
        }
    }

    public void Remove(string id)
    {
        lock (_lock)
        {
            _index++;
            _members.RemoveAll(member => member.Id == id);
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Uri uri = request.RequestUri!;
        lock (_lock)
            _requests.Add($"{request.Method} {uri.PathAndQuery}");
        if (await Intercept(request) is { } other)
            return other;

        string path = uri.AbsolutePath["/".Length..];
        if (!path.StartsWith(Token, StringComparison.Ordinal))
            return Missing(path);
        if (path == $"{Token}/_config/size")
            return Answer(HttpStatusCode.OK, Event("get", "_config/size", Size, 7), _index);
        if (uri.Query.Contains("wait=true", StringComparison.Ordinal))
            return await WaitAsync(uri, cancellationToken);

        string id = path[Token.Length..].Trim('/');
        return request.Method.Method switch
        {
            "PUT" => await PutAsync(id, request, cancellationToken),
            "DELETE" => Delete(id),
            _ => id.Length == 0 ? List() : Get(id),
        };
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<HttpResponseMessage> PutAsync(
        string id, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string form = await request.Content!.ReadAsStringAsync(cancellationToken);
        string value = WebUtility.UrlDecode(form["value=".Length..]);
        if (Ids.Contains(id))
            return Answer(HttpStatusCode.PreconditionFailed, Error(105, "Key already exists"), _index);

        Add(id, value);
        return Answer(HttpStatusCode.Created, Event("create", id, value, _index), _index);
    }

    private HttpResponseMessage Delete(string id)
    {
        Remove(id);
        return Answer(HttpStatusCode.OK, Event("delete", id, "", _index), _index);
    }

    private HttpResponseMessage Get(string id)
    {
        lock (_lock)
        {
            (string Id, string Value, long Index) member = _members.FirstOrDefault(member => member.Id == id);
            return member.Id is null
                ? Missing(id)
                : Answer(HttpStatusCode.OK, Event("get", id, member.Value, member.Index), _index);
        }
    }

    private HttpResponseMessage List()
    {
        lock (_lock)
        {
            // In no order, as the real service.
            string nodes = string.Join(',', _members.AsEnumerable().Reverse().Select(
                member => Node(member.Id, member.Value, member.Index)));
            string body = $"{{\"action\":\"get\",\"node\":{{\"key\":\"/_etcd/registry/{Token}\",\"dir\":true,"
                + $"\"nodes\":[{nodes}],\"modifiedIndex\":7,\"createdIndex\":7}}}}";
            return Answer(HttpStatusCode.OK, body, _index);
        }
    }

    private async Task<HttpResponseMessage> WaitAsync(Uri uri, CancellationToken cancellationToken)
    {
        long from = long.Parse(uri.Query.Split("waitIndex=")[1], null);
        string id = uri.AbsolutePath.Split(Token)[1].Trim('/');
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                changed = _changed.Task;
                foreach ((string other, string value, long index) in _members)
                {
                    if (index >= from && (id.Length == 0 || other == id))
                        return Answer(HttpStatusCode.OK, Event("create", other, value, index), _index);
                }
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private static HttpResponseMessage Missing(string key) =>
        Answer(HttpStatusCode.NotFound, Error(100, "Key not found " + key.Length), 7);

    private static string Error(int code, string message) =>
        $"{{\"errorCode\":{code},\"message\":\"{message}\",\"cause\":\"x\",\"index\":7}}";

    private static string Event(string action, string id, string value, long index) =>
        $"{{\"action\":\"{action}\",\"node\":{Node(id, value, index)}}}";

    private static string Node(string id, string value, long index) =>
        $"{{\"key\":\"/_etcd/registry/{Token}/{id}\",\"value\":{JsonSerializer.Serialize(value)},"
        + $"\"modifiedIndex\":{index},\"createdIndex\":{index}}}";
}
