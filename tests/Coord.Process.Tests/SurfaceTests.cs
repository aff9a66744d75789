using System.Net;
using System.Text;
using System.Text.Json;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>The client port as curl sees it.</summary>
public sealed class SurfaceTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Keys_are_put_read_listed_and_deleted()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        HttpClient http = node.Client.Http;
        Assert.Equal("""{"key":"a/b c","revision":2}""", await PutAsync(http, "v1/kv/a/b%20c", "hello"));
        Assert.Equal("""{"key":"a/ü","revision":3}""", await PutAsync(http, "v1/kv/a/ü", "world"));
        Assert.Equal(
            """{"key":"a/b c","value":"hello","create_revision":2,"mod_revision":2,"version":1,"revision":3}""",
            await GetAsync(http, "v1/kv/a/b%20c"));
        Assert.Equal(
            """
            {"revision":3,"count":2,"more":true,
            "kvs":[{"key":"a/b c","value":"hello","create_revision":2,"mod_revision":2,"version":1}]}
            """.ReplaceLineEndings(""),
            await GetAsync(http, "v1/kv?prefix=a/&limit=1"));
        using HttpResponseMessage deleted = await http.DeleteAsync("v1/kv?prefix=a/");
        Assert.Equal("""{"deleted":2,"revision":4}""", (await deleted.Content.ReadAsStringAsync()).TrimEnd());
        using HttpResponseMessage absent = await http.GetAsync("v1/kv/a/b%20c");
        Assert.Equal(HttpStatusCode.NotFound, absent.StatusCode);
        Assert.Contains("hello", await GetAsync(http, "v1/kv/a/b%20c?revision=3"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_is_no_text_comes_back_as_base64()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        using ByteArrayContent body = new([0xff, 0x00, 0xfe]);
        using HttpResponseMessage put = await node.Client.Http.PutAsync("v1/kv/bytes", body);
        put.EnsureSuccessStatusCode();
        Assert.Contains(
            "\"value_base64\":\"/wD+\"", await GetAsync(node.Client.Http, "v1/kv/bytes"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_request_is_answered_with_a_status_and_a_reason()
    {
        (string Method, string Path, int Status)[] requests =
        [
            ("GET", "v1/kv/", 400),
            ("GET", "v1/kv", 400),
            ("GET", "v1/kv/a?revision=x", 400),
            ("GET", "v1/kv/a?revision=999", 400),
            ("GET", "v1/kv/a?limit=-1", 400),
            ("GET", "v1/kv/a?serializable=perhaps", 400),
            ("GET", "v1/watch?revision=x", 400),
            ("POST", "v1/transfer?to=nobody", 400),
        ];
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        foreach ((string method, string path, int status) in requests)
        {
            using HttpRequestMessage request = new(new HttpMethod(method), path);
            using HttpResponseMessage answer = await node.Client.Http.SendAsync(request);
            string body = await answer.Content.ReadAsStringAsync();
            Assert.True(status == (int)answer.StatusCode, $"{method} {path}: {(int)answer.StatusCode} {body}");
            using JsonDocument json = JsonDocument.Parse(body);
            Assert.NotEmpty(json.RootElement.GetProperty("error").GetString()!);
        }

        using HttpResponseMessage posted = await node.Client.Http.PostAsync("health", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    [Fact]
    public async Task A_value_that_is_too_large_is_refused_and_did_not_happen()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        foreach (int bytes in (int[])[2_000_000, 1_600_000])
        {
            using ByteArrayContent body = new(new byte[bytes]);
            using HttpResponseMessage answer = await node.Client.Http.PutAsync("v1/kv/large", body);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
            Assert.Contains("did-not-happen", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Null(await node.Client.GetAsync("large"));
    }

    [Fact]
    public async Task A_full_store_refuses_puts_until_it_was_emptied_and_compacted_and_the_alarm_disarmed()
    {
        using TestCluster cluster = new(output, size: 1, flags: ["--quota-backend-bytes", "1000000"]);
        ClusterMember node = await cluster.StartAsync();
        string value = new('x', 100_000);
        WriteResult last = new(WriteOutcome.Acknowledged, 0, "");
        for (int i = 0; i < 20 && last.Outcome is WriteOutcome.Acknowledged; i++)
            last = await node.Client.PutAsync($"fill/{i:00}", value);

        Assert.Equal(WriteOutcome.DidNotHappen, last.Outcome);
        Assert.StartsWith("507", last.Error, StringComparison.Ordinal);
        using HttpResponseMessage deleted = await node.Client.Http.DeleteAsync("v1/kv?prefix=fill/");
        using JsonDocument answer = JsonDocument.Parse(await deleted.Content.ReadAsStringAsync());
        long revision = answer.RootElement.GetProperty("revision").GetInt64();
        Assert.StartsWith("507", (await node.Client.PutAsync("early", value)).Error, StringComparison.Ordinal);

        await PostAsync("v3/kv/compaction", $$"""{"revision": {{revision}}, "physical": true}""");
        await PostAsync("v3/maintenance/alarm", """{"action": "DEACTIVATE", "alarm": "NOSPACE"}""");
        await node.Client.MustPutAsync("again", value);

        async Task PostAsync(string path, string json)
        {
            using StringContent body = new(json);
            using HttpResponseMessage done = await node.Client.Http.PostAsync(path, body);
            Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        }
    }

    [Fact]
    public async Task Without_a_quorum_writes_fail_with_their_outcome_and_serializable_reads_go_on()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        await leader.Client.MustPutAsync("kept", "1");
        await cluster.ConvergedAsync();
        ClusterMember last = cluster.Members.First(member => member != leader);
        foreach (ClusterMember member in cluster.Members.Where(member => member != last))
            member.Process!.Kill();

        Assert.Equal("1", (await last.Client.GetAsync("kept", serializable: true))!.Value);
        WriteResult write = await last.Client.PutAsync("lost", "1");
        Assert.NotEqual(WriteOutcome.Acknowledged, write.Outcome);
        Assert.StartsWith("503", write.Error, StringComparison.Ordinal);
        using HttpResponseMessage read = await last.Client.Http.GetAsync("v1/kv/kept");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, read.StatusCode);
    }

    [Fact]
    public async Task The_leadership_is_transferred_on_request()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        ClusterMember target = cluster.Members.First(member => member != leader);
        using HttpResponseMessage answer = await leader.Client.Http.PostAsync($"v1/transfer?to={target.Name}", null);
        Assert.Equal($$"""{"leader":"{{target.Name}}"}""", (await answer.Content.ReadAsStringAsync()).TrimEnd());
        Assert.Equal(target, await cluster.LeaderAsync());

        // The same request at the former leader tells where to go.
        using HttpResponseMessage refused = await leader.Client.Http.PostAsync($"v1/transfer?to={leader.Name}", null);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    private static async Task<string> PutAsync(HttpClient http, string path, string value)
    {
        using StringContent body = new(value, Encoding.UTF8);
        using HttpResponseMessage answer = await http.PutAsync(path, body);
        return (await answer.Content.ReadAsStringAsync()).TrimEnd();
    }

    private static async Task<string> GetAsync(HttpClient http, string path)
    {
        using HttpResponseMessage answer = await http.GetAsync(path);
        return (await answer.Content.ReadAsStringAsync()).TrimEnd();
    }
}
