using System.Net;
using Coord.Raft;
using Coord.Shared;

namespace Coord.Transport.Tests.Discovery;

/// <summary>The steps of the discovery client, and each case in which it must not simply go on.</summary>
public sealed class DiscoveryBootstrapTests : IDisposable
{
    private readonly FakeDiscoveryService _service = new();

    public void Dispose() => _service.Dispose();

    [Fact]
    public void A_members_id_is_that_of_etcd()
    {
        NodeId id = EtcdIds.OfMember(
            ["http://127.0.0.1:21380"], "http://127.0.0.1:9087/25943557a904e4f729396c6ba2f47e94");
        Assert.Equal("8eecabad57199773", $"{id.Value:x}");
    }

    [Fact]
    public async Task Three_nodes_come_to_the_same_cluster()
    {
        BootstrapResult[] results = await Task.WhenAll(FindAsync(1), FindAsync(2), FindAsync(3));
        Assert.Single(results.Select(result => result.ClusterId).Distinct());
        Assert.Equal(3, results.Select(result => result.NodeId).Distinct().Count());
        Assert.All(results, result => Assert.Equal(
            results[0].Members.Select(member => (member.Id, member.Name, member.Address)),
            result.Members.Select(member => (member.Id, member.Name, member.Address))));
        Assert.Equal(_service.Ids, results[0].Members.Select(member => $"{member.Id.Value:x}"));
    }

    [Fact]
    public async Task The_requests_are_those_of_the_protocol()
    {
        Task<BootstrapResult> finding = FindAsync(1);
        await Eventually.IsTrueAsync("it waits for the others.", () => Waits() == 2);
        string id = _service.Ids[0];
        _service.Add("2", "n2=http://10.0.0.2:2380");
        await Eventually.IsTrueAsync("it waits for the third.", () => Waits() == 3);
        _service.Add("3", "n3=http://10.0.0.3:2380");
        await finding;

        const string Base = "/" + FakeDiscoveryService.Token;
        Assert.Equal(
            [
                $"GET {Base}/_config/size",
                $"GET {Base}",
                $"PUT {Base}/{id}?prevExist=false",
                $"GET {Base}/{id}",
                $"GET {Base}/{id}?recursive=false&wait=true&waitIndex=8",
                $"GET {Base}",
                $"GET {Base}?recursive=true&wait=true&waitIndex=9",
                $"GET {Base}?recursive=true&wait=true&waitIndex=10",
                $"GET {Base}",
            ],
            _service.Requests);

        int Waits() => _service.Requests.Count(request => request.Contains("wait=true", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://discovery.test/00000000000000000000000000001234", "does not know", "...1234")]
    [InlineData("http://discovery.test/", "discovery URL is none", "")]
    [InlineData("discovery.test/abc", "discovery URL is none", "")]
    [InlineData("http://discovery.test/abc?x=1", "discovery URL is none", "")]
    public async Task A_token_that_is_none_is_named_by_its_last_digits_alone(string url, string error, string digits)
    {
        BootstrapException exception = await RefusedAsync(() => FindAsync(1, url: url), error);
        Assert.Contains(digits, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("00001234", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("")]
    [InlineData("1001")]
    [InlineData("99999999999999999999")]
    public async Task A_size_that_is_none_is_an_error(string size)
    {
        _service.Size = size;
        await RefusedAsync(() => FindAsync(1), $"The size of the cluster is '{size}'", "...7e94");
        Assert.Empty(_service.Ids);
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, "<html>a portal</html>")]
    [InlineData(HttpStatusCode.OK, "{}")]
    [InlineData(HttpStatusCode.OK, "[1]")]
    [InlineData(HttpStatusCode.OK, "")]
    [InlineData(HttpStatusCode.OK, """{"node":{"value":"3"}}""")]
    [InlineData(HttpStatusCode.NotFound, "404 page not found")]
    [InlineData(HttpStatusCode.Forbidden, """{"node":{"key":"x","value":"3"}}""")]
    public async Task An_answer_that_is_no_services_is_an_error(HttpStatusCode status, string body)
    {
        _service.Intercept = _ => Task.FromResult<HttpResponseMessage?>(FakeDiscoveryService.Answer(status, body));
        await RefusedAsync(() => FindAsync(1), "is no discovery service", "...7e94");
    }

    [Fact]
    public async Task An_expired_token_is_told_from_an_unknown_one()
    {
        _service.Intercept = _ => Task.FromResult<HttpResponseMessage?>(FakeDiscoveryService.Answer(
            HttpStatusCode.NotFound,
            """{"errorCode":100,"message":"Key not found","cause":"x","index":7,"expired":true}"""));
        await RefusedAsync(() => FindAsync(1), "the token ...7e94", "has expired", "create another token");
    }

    /// <summary>Who answers could otherwise send a node to any address that it alone can reach.</summary>
    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/secret", "http://169.254.169.254,")]
    [InlineData("/elsewhere", "another path,")]
    public async Task A_redirection_is_named_and_not_followed(string location, string shown)
    {
        _service.Intercept = _ =>
        {
            HttpResponseMessage response = FakeDiscoveryService.Answer(HttpStatusCode.TemporaryRedirect, "");
            response.Headers.Location = new Uri(location, UriKind.RelativeOrAbsolute);
            return Task.FromResult<HttpResponseMessage?>(response);
        };
        BootstrapException exception = await RefusedAsync(() => FindAsync(1), "sends on to " + shown, "...7e94");
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
        Assert.Single(_service.Requests);
        using SocketsHttpHandler own = new DiscoveryOptions().CreateHandler();
        Assert.False(own.AllowAutoRedirect);
    }

    [Fact]
    public async Task A_file_of_authorities_must_be_one()
    {
        string empty = Path.GetTempFileName();
        foreach (string file in (string[])[empty, empty + ".none"])
        {
            DiscoveryBootstrap bootstrap = new(new DiscoveryOptions
            {
                Url = FakeDiscoveryService.Url,
                TrustedCertificateFile = file,
            });
            await RefusedAsync(
                async () => await bootstrap.FindAsync(new BootstrapNode("n1", "http://10.0.0.1:2380"), default),
                "cannot be read from " + file);
        }

        File.Delete(empty);
    }

    [Fact]
    public async Task An_answer_without_end_is_read_only_so_far()
    {
        _service.Intercept = _ => Task.FromResult<HttpResponseMessage?>(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StreamContent(new Endless()),
        });
        await RefusedAsync(() => FindAsync(1), "more than 1 MiB");
    }

    [Fact]
    public async Task A_service_that_is_away_for_a_while_is_asked_again_at_every_step()
    {
        int attempts = 0;
        _service.Intercept = request =>
        {
            // Every request fails first: refused, then busy.
            int turn = Interlocked.Increment(ref attempts) % 3;
            return turn == 1
                ? throw new HttpRequestException("Connection refused")
                : Task.FromResult<HttpResponseMessage?>(
                    turn == 2 ? FakeDiscoveryService.Answer(HttpStatusCode.ServiceUnavailable, "no quorum") : null);
        };
        _service.Add("2", "n2=http://10.0.0.2:2380");
        _service.Add("3", "n3=http://10.0.0.3:2380");
        Assert.Equal(3, (await FindAsync(1)).Members.Count);
    }

    [Fact]
    public async Task A_service_that_stays_away_is_given_up()
    {
        _service.Intercept = _ => throw new HttpRequestException("Connection refused");
        await RefusedAsync(() => FindAsync(1), "out of reach", "...7e94", "Connection refused");
    }

    [Fact]
    public async Task A_key_of_the_own_that_says_the_same_is_a_success()
    {
        Task<BootstrapResult> crashed = FindAsync(1, until: new CancellationTokenSource(TimeSpan.Zero).Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => crashed);
        _service.Add($"{IdOf(1).Value:x}", "n1=http://10.0.0.1:2380");
        _service.Add("2", "n2=http://10.0.0.2:2380");
        _service.Add("3", "n3=http://10.0.0.3:2380");
        BootstrapResult result = await FindAsync(1);
        Assert.Equal(IdOf(1), result.NodeId);
        Assert.Equal(3, _service.Ids.Count);
    }

    [Fact]
    public async Task A_key_of_the_own_that_says_something_else_is_an_error()
    {
        _service.Add($"{IdOf(1).Value:x}", "other=http://10.0.0.1:2380");
        await RefusedAsync(() => FindAsync(1), "registered", "'other=http://10.0.0.1:2380'");
    }

    [Fact]
    public async Task Who_comes_too_late_is_told_that_the_cluster_is_full_and_takes_nothing()
    {
        for (int i = 2; i <= 4; i++)
            _service.Add($"{i}", $"n{i}=http://10.0.0.{i}:2380");
        await RefusedAsync(() => FindAsync(1), "cluster is full (3 of 3)");
        Assert.Equal(["2", "3", "4"], _service.Ids);
    }

    [Fact]
    public async Task Of_five_that_race_those_with_the_lowest_indices_are_the_cluster()
    {
        // All have looked before the first registers.
        int looked = 0;
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _service.Intercept = async request =>
        {
            if (request.Method == HttpMethod.Put)
            {
                if (Interlocked.Increment(ref looked) == 5)
                    all.SetResult();
                await all.Task;
            }

            return null;
        };
        Task<BootstrapResult>[] nodes = [.. Enumerable.Range(1, 5).Select(i => FindAsync(i))];
        await Task.WhenAll(nodes).ContinueWith(_ => { }, TaskScheduler.Default);
        BootstrapResult[] members = [.. nodes.Where(node => node.IsCompletedSuccessfully).Select(node => node.Result)];
        Assert.Equal(3, members.Length);
        Assert.Single(members.Select(member => member.ClusterId).Distinct());
        Assert.All(nodes.Where(node => node.IsFaulted), node => Assert.Contains(
            "cluster is full (3 of 3)", node.Exception!.InnerException!.Message, StringComparison.Ordinal));
        Assert.Equal(3, _service.Ids.Count);
    }

    [Theory]
    [InlineData("n1=http://10.0.0.9:2380", "the name 'n1'")]
    [InlineData("n9=http://10.0.0.1:2380", "the peer URL http://10.0.0.1:2380")]
    public async Task A_second_node_of_the_same_name_or_address_takes_no_place(string value, string what)
    {
        _service.Add("9", value);
        await RefusedAsync(() => FindAsync(1), what, "it has not taken a place");
        Assert.Equal(["9"], _service.Ids);
    }

    [Fact]
    public async Task Of_two_nodes_of_one_name_that_register_at_once_the_later_gives_way()
    {
        _service.Intercept = request =>
        {
            if (request.Method == HttpMethod.Put && _service.Ids.Count == 0)
                _service.Add("9", "n1=http://10.0.0.9:2380");
            return Task.FromResult<HttpResponseMessage?>(null);
        };
        await RefusedAsync(() => FindAsync(1), "the name 'n1'");
        Assert.Equal(["9"], _service.Ids);
    }

    [Theory]
    [InlineData("n2", "has 'n2'")]
    [InlineData("n2=ftp://x:1", "has 'n2=ftp://x:1'")]
    [InlineData("a=http://x:1,b=http://y:1", "same name or the same address")]
    [InlineData("n3=http://10.0.0.7:1", "same name or the same address")]
    public async Task A_registration_that_makes_no_member_burns_the_token_and_is_said_to(string value, string error)
    {
        _service.Add("2", value);
        _service.Add("3", "n3=http://10.0.0.3:2380");
        await RefusedAsync(() => FindAsync(1), error);
    }

    [Fact]
    public async Task A_member_that_leaves_before_the_list_is_sealed_is_not_in_it()
    {
        Task<BootstrapResult> finding = FindAsync(1);
        await Eventually.IsTrueAsync("it has registered.", () => _service.Ids.Count == 1);
        bool left = false;
        _service.Intercept = request =>
        {
            // The last look finds that one of the three has gone.
            bool isLook = request.RequestUri!.PathAndQuery == "/" + FakeDiscoveryService.Token;
            if (isLook && !left && _service.Ids.Count == 3)
            {
                left = true;
                _service.Remove("2");
                _service.Add("4", "n4=http://10.0.0.4:2380");
            }

            return Task.FromResult<HttpResponseMessage?>(null);
        };
        _service.Add("2", "n2=http://10.0.0.2:2380");
        _service.Add("3", "n3=http://10.0.0.3:2380");
        Assert.Equal(["n1", "n3", "n4"], (await finding).Members.Select(member => member.Name).Order());
    }

    private static NodeId IdOf(int node) =>
        EtcdIds.OfMember([$"http://10.0.0.{node}:2380"], FakeDiscoveryService.Url);

    private async Task<BootstrapResult> FindAsync(
        int node, string url = FakeDiscoveryService.Url, CancellationToken until = default)
    {
        DiscoveryBootstrap bootstrap = new(new DiscoveryOptions
        {
            Url = url,
            Handler = _service,
            MinRetryDelay = TimeSpan.FromMilliseconds(1),
            MaxRetryDelay = TimeSpan.FromMilliseconds(4),
            RetryTimeout = TimeSpan.FromMilliseconds(200),
        });
        return await bootstrap.FindAsync(new BootstrapNode($"n{node}", $"http://10.0.0.{node}:2380"), until);
    }

    private static async Task<BootstrapException> RefusedAsync(Func<Task> find, params string[] parts)
    {
        BootstrapException exception = await Assert.ThrowsAsync<BootstrapException>(find);
        Assert.Equal(Outcome.DidNotHappen, exception.Outcome);
        foreach (string part in parts)
            Assert.Contains(part, exception.Message, StringComparison.Ordinal);
        return exception;
    }

    private sealed class Endless : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)'x');
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
