using System.Net;
using Coord.AspNetCore.Diagnostics;
using Coord.AspNetCore.Tests.Harness;

namespace Coord.AspNetCore.Tests;

/// <summary>The paths that scripts, balancers and Prometheus ask for.</summary>
public sealed class HttpTests
{
    [Fact]
    public async Task A_member_with_a_leader_is_healthy()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        Assert.Equal("""{"health":"true"}""", await http.GetStringAsync("/health"));
        Assert.Equal("""{"health":"true"}""", await http.GetStringAsync("/health?serializable=true"));
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/version")]
    public async Task Other_methods_are_refused_in_etcds_words(string path)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        using HttpResponseMessage response = await http.PostAsync(path, null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("Method Not Allowed\n", await response.Content.ReadAsStringAsync());
        Assert.Equal(["GET"], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task The_metrics_have_etcds_names_and_count_calls()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        await client.FailAsync<Protocol.Etcd.PutRequest, Protocol.Etcd.PutResponse>("etcdserverpb.KV/Put", new());
        using HttpClient http = new() { BaseAddress = server.Address };
        string[] lines = (await http.GetStringAsync("/metrics")).Split('\n');
        Assert.Contains("etcd_server_has_leader 1", lines);
        Assert.Contains("etcd_server_is_leader 1", lines);
        Assert.Contains("etcd_debugging_mvcc_current_revision 2", lines);
        Assert.Contains("etcd_debugging_mvcc_keys_total 1", lines);
        Assert.Contains("# TYPE etcd_disk_wal_fsync_duration_seconds histogram", lines);
        Assert.Contains("etcd_server_quota_backend_bytes 2.147483648e+09", lines);
        Assert.Contains("# TYPE etcd_server_leader_changes_seen_total counter", lines);
        const string Put = "grpc_method=\"Put\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"";
        Assert.Contains($"grpc_server_started_total{{{Put}}} 2", lines);
        Assert.Contains($"grpc_server_handled_total{{grpc_code=\"OK\",{Put}}} 1", lines);
        Assert.Contains($"grpc_server_handled_total{{grpc_code=\"InvalidArgument\",{Put}}} 1", lines);
        Assert.Contains(lines, line => line.StartsWith("coord_raft_commit_duration_seconds_count ", Ordinal));
    }

    [Fact]
    public async Task Each_metric_has_its_type_once_and_before_its_values()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        HashSet<string> types = [];
        foreach (string line in (await http.GetStringAsync("/metrics")).Split('\n').Where(line => line.Length > 0))
        {
            string[] words = line.Split(' ');
            if (words is ["#", "TYPE", var name, _])
                Assert.True(types.Add(name), line);
            else if (words[0] != "#")
                Assert.Contains(types, type => line.StartsWith(type, Ordinal));
        }
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1.5, "1.5")]
    [InlineData(999_999, "999999")]
    [InlineData(1_000_000, "1e+06")]
    [InlineData(2_147_483_648, "2.147483648e+09")]
    [InlineData(0.00005, "5e-05")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    public void Numbers_are_spelled_as_in_Go(double value, string text) =>
        Assert.Equal(text, PrometheusText.Number(value));

    private const StringComparison Ordinal = StringComparison.Ordinal;
}
