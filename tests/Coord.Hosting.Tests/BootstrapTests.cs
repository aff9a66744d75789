using Coord.Kv;
using Coord.Raft;
using Coord.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Coord.Hosting.Tests;

/// <summary>A node in a host that finds its cluster instead of being told it.</summary>
public sealed class BootstrapTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromMinutes(1));

    public void Dispose()
    {
        _timeout.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task The_node_is_what_the_bootstrap_found_and_asks_no_second_time()
    {
        SingleNodeBootstrap single = new("a token");
        BootstrapNode self = new("n1", "http://127.0.0.1:25999");
        BootstrapResult expected = await single.FindAsync(self, _timeout.Token);
        using (IHost first = Build(single, self))
        {
            await first.StartAsync(_timeout.Token);
            Assert.Equal(expected.NodeId, first.Services.GetRequiredService<RaftNode>().Id);
            await first.Services.GetRequiredService<IKeyValueStore>().PutAsync("a", "1", _timeout.Token);
            await first.StopAsync(_timeout.Token);
        }

        using IHost second = Build(new Refusing(), self);
        await second.StartAsync(_timeout.Token);
        IKeyValueStore store = second.Services.GetRequiredService<IKeyValueStore>();
        Assert.Equal("1", (await store.GetAsync("a", _timeout.Token))!.ValueString);
        await second.StopAsync(_timeout.Token);
    }

    [Fact]
    public async Task A_cluster_that_is_not_found_stops_the_host_with_the_reason()
    {
        using IHost host = Build(new Refusing(), new BootstrapNode("n1", "http://127.0.0.1:25999"));
        BootstrapException exception = await Assert.ThrowsAsync<BootstrapException>(
            () => host.StartAsync(_timeout.Token));
        Assert.Equal("There is none.", exception.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void A_bootstrap_needs_to_know_the_node()
    {
        using IHost host = Build(new Refusing(), null);
        OptionsValidationException exception = Assert.Throws<OptionsValidationException>(
            () => host.Services.GetRequiredService<IOptions<CoordOptions>>().Value);
        Assert.Contains("Bootstrap and BootstrapNode belong together", exception.Message, StringComparison.Ordinal);
    }

    private IHost Build(IClusterBootstrap bootstrap, BootstrapNode? self)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddCoord(options =>
        {
            options.DataDirectory = _directory.Path;
            options.Bootstrap = bootstrap;
            options.BootstrapNode = self;
            options.Raft.HeartbeatInterval = TimeSpan.FromMilliseconds(20);
            options.Raft.ElectionTimeout = TimeSpan.FromMilliseconds(100);
        }).UseTransport(_ => new InMemoryNetwork().CreateTransport()).AddKeyValueStore();
        return builder.Build();
    }

    private sealed class Refusing : IClusterBootstrap
    {
        public ValueTask<BootstrapResult> FindAsync(BootstrapNode self, CancellationToken cancellationToken) =>
            throw new BootstrapException("There is none.");
    }
}
