using System.Net;
using Coord.Kv;
using Coord.Raft;
using Coord.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Coord.Hosting.Tests;

/// <summary>Three hosts in one process are one store.</summary>
public sealed class ClusterTests : IDisposable
{
    private readonly List<TemporaryDirectory> _directories = [];
    private readonly InMemoryNetwork _network = new();
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromMinutes(1));

    public void Dispose()
    {
        _timeout.Dispose();
        _directories.ForEach(directory => directory.Dispose());
    }

    [Fact]
    public async Task What_is_put_on_one_is_read_and_watched_on_all()
    {
        IHost[] hosts = await StartAsync();
        IAsyncEnumerator<WatchBatch>[] watches =
            [.. hosts.Select(host => Store(host).WatchPrefixAsync("a", null, _timeout.Token).GetAsyncEnumerator())];
        foreach (IHost writer in hosts)
        {
            PutResult put = await Store(writer).PutAsync("a", $"{Node(writer).Id}", _timeout.Token);
            foreach (IHost reader in hosts)
            {
                KeyValue? read = await Store(reader).GetAsync("a", _timeout.Token);
                Assert.Equal(($"{Node(writer).Id}", put.Revision), (read!.ValueString, read.ModRevision));
            }

            foreach (IAsyncEnumerator<WatchBatch> watch in watches)
            {
                Assert.True(await watch.MoveNextAsync());
                Assert.Equal(put.Revision, watch.Current.Events.Single().Revision);
            }
        }

        foreach (IAsyncEnumerator<WatchBatch> watch in watches)
            await watch.DisposeAsync();
        await StopAsync(hosts);
    }

    [Fact]
    public async Task A_stopping_leader_hands_over_and_the_others_go_on()
    {
        FakeLogCollector logs = new();
        IHost[] hosts = await StartAsync(logs);
        await Store(hosts[0]).PutAsync("a", "1", _timeout.Token);
        IHost leader = hosts.First(host => Node(host).Status.Role is RaftRole.Leader);
        IHost[] others = [.. hosts.Except([leader])];
        await leader.StopAsync(_timeout.Token);
        leader.Dispose();

        Assert.Contains(logs.GetSnapshot(), entry => entry.Id.Id == 5001);
        foreach (IHost host in others)
        {
            await Store(host).PutAsync("b", $"{Node(host).Id}", _timeout.Token);
            Assert.Equal("1", (await Store(host).GetAsync("a", _timeout.Token))!.ValueString);
        }

        await StopAsync(others);
    }

    [Fact]
    public async Task A_node_can_listen_on_tcp()
    {
        using IHost host = Build(1, coord => coord.UseTcp(o => o.ListenAddress = $"{IPAddress.Loopback}:0"));
        await host.StartAsync(_timeout.Token);
        await Store(host).PutAsync("a", "1", _timeout.Token);
        await host.StopAsync(_timeout.Token);
    }

    [Fact]
    public async Task Wrong_tcp_options_stop_the_host_with_what_is_wrong()
    {
        using IHost host = Build(1, coord => coord.UseTcp(o => o.ListenAddress = "nowhere"));
        ArgumentException refusal =
            await Assert.ThrowsAsync<ArgumentException>(() => host.StartAsync(_timeout.Token));
        Assert.Contains("ListenAddress is 'nowhere'", refusal.Message, StringComparison.Ordinal);
    }

    private static IKeyValueStore Store(IHost host) => host.Services.GetRequiredService<IKeyValueStore>();

    private static RaftNode Node(IHost host) => host.Services.GetRequiredService<RaftNode>();

    private async Task StopAsync(IHost[] hosts)
    {
        foreach (IHost host in hosts)
        {
            await host.StopAsync(_timeout.Token);
            host.Dispose();
        }
    }

    private async Task<IHost[]> StartAsync(FakeLogCollector? logs = null)
    {
        IHost[] hosts = [.. Enumerable.Range(1, 3).Select(id => Build(
            (ulong)id,
            coord => coord.UseTransport(_ => _network.CreateTransport()),
            options => options.AddMember(1, "one:1").AddMember(2, "two:1").AddMember(3, "three:1"),
            logs))];
        foreach (IHost host in hosts)
            await host.StartAsync(_timeout.Token);
        foreach (IHost host in hosts)
            await Node(host).WaitForLeaderAsync(_timeout.Token);
        return hosts;
    }

    private IHost Build(
        ulong id, Action<CoordBuilder> coord, Action<CoordOptions>? options = null, FakeLogCollector? logs = null)
    {
        TemporaryDirectory directory = new();
        _directories.Add(directory);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        if (logs is not null)
            builder.Logging.AddProvider(new FakeLoggerProvider(logs));
        CoordBuilder added = builder.Services.AddCoord(o =>
        {
            (o.NodeId, o.ClusterId, o.DataDirectory) = (new(id), new(0x7e57), directory.Path);
            o.Raft.SegmentBytes = 8 << 20;
            options?.Invoke(o);
        }).AddKeyValueStore();
        coord(added);
        return builder.Build();
    }
}
