using Coord.Kv;
using Coord.Raft;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace Coord.Hosting.Tests;

/// <summary>
/// A node lives and dies with its host, in the right order, and says what is wrong when something is.
/// </summary>
public sealed class CoordHostTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _timeout = new(Patience);

    public void Dispose()
    {
        _timeout.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_node_keeps_what_was_put_over_a_restart_of_its_host()
    {
        using (IHost first = Build())
        {
            await first.StartAsync(_timeout.Token);
            await Store(first).PutAsync("a", "1", _timeout.Token);
            Assert.Equal("1", (await Store(first).GetAsync("a", _timeout.Token))!.ValueString);
            await first.StopAsync(_timeout.Token);
        }

        using IHost second = Build();
        await second.StartAsync(_timeout.Token);
        KeyValue? kept = await Store(second).GetAsync("a", _timeout.Token);
        Assert.Equal(("1", 2), (kept!.ValueString, kept.ModRevision.Value));
        Assert.Equal(3, (await Store(second).PutAsync("b", "2", _timeout.Token)).Revision.Value);
        await second.StopAsync(_timeout.Token);
    }

    [Fact]
    public async Task A_node_keeps_what_was_put_over_snapshots_and_a_restart()
    {
        static void Frugal(CoordOptions options) =>
            (options.Raft.SnapshotEntries, options.Raft.TrailingEntries) = (20, 5);

        Revision last = default;
        int puts = 0;
        using (IHost first = Build(Frugal))
        {
            await first.StartAsync(_timeout.Token);
            RaftNode node = first.Services.GetRequiredService<RaftNode>();

            // Snapshots are written beside all this; there is one sooner or later.
            for (; puts < 200 || puts % 10 > 0 || node.Status.SnapshotIndex.IsZero; puts++)
                last = (await Store(first).PutAsync($"k{puts % 10}", $"{puts}", _timeout.Token)).Revision;
            await first.StopAsync(_timeout.Token);
        }

        using IHost second = Build(Frugal);
        await second.StartAsync(_timeout.Token);
        GetResult kept = await Store(second).GetPrefixAsync("k", cancellationToken: _timeout.Token);
        Assert.Equal((last, 10), (kept.Revision, kept.Count));
        Assert.Equal(
            Enumerable.Range(puts - 10, 10).Select(i => $"{i}"), kept.KeyValues.Select(key => key.ValueString));
        GetOptions past = new() { Revision = new(100) };
        Assert.Equal(10, (await Store(second).GetPrefixAsync("k", past, _timeout.Token)).Count);
        Assert.True(second.Services.GetRequiredService<RaftNode>().Status.SnapshotIndex > LogIndex.Zero);
        await second.StopAsync(_timeout.Token);
    }

    [Fact]
    public async Task Other_services_can_use_the_store_while_they_stop_and_see_a_running_node_when_they_start()
    {
        Neighbour? neighbour = null;
        using IHost host = Build(services: services => services.AddHostedService(
            provider => neighbour = new(provider.GetRequiredService<RaftNode>(), Store(provider))));
        await host.StartAsync(_timeout.Token);
        await host.StopAsync(_timeout.Token);
        Assert.True(neighbour!.SawRunningNode);
        Assert.True(neighbour.PutOnTheWayDown!.Revision > Revision.First);
    }

    [Fact]
    public async Task A_host_starts_without_a_quorum_and_says_that_it_is_not_healthy()
    {
        using IHost host = Build(
            options => options.AddMember(1, "a:1").AddMember(2, "b:1").AddMember(3, "c:1"),
            builder => builder.UseTransport(_ => new LoneTransport()));
        await host.StartAsync(_timeout.Token);
        HealthReport report = await HealthAsync(host);
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Equal("The node knows no leader.", report.Entries["coord"].Description);
        await host.StopAsync(_timeout.Token);
    }

    [Fact]
    public async Task A_node_is_healthy_while_it_knows_a_leader()
    {
        using IHost host = Build();
        await host.StartAsync(_timeout.Token);
        await host.Services.GetRequiredService<RaftNode>().WaitForLeaderAsync(_timeout.Token);
        HealthReport report = await HealthAsync(host);
        Assert.Equal(HealthStatus.Healthy, report.Status);
        Assert.Equal("The leader is n1.", report.Entries["coord"].Description);
        await host.StopAsync(_timeout.Token);
        Assert.Equal("The node has stopped.", (await HealthAsync(host)).Entries["coord"].Description);
    }

    [Fact]
    public async Task A_node_that_stops_by_itself_stops_the_host_with_exit_code_1_and_says_why()
    {
        int exitCode = Environment.ExitCode;
        FakeLogCollector logs = new();
        try
        {
            using IHost host = Build(services: services => services
                .AddSingleton<IStateMachine, BrokenStateMachine>()
                .AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(logs))));
            TaskCompletionSource stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
            host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(
                () => stopping.TrySetResult());
            await host.StartAsync(_timeout.Token);
            RaftNode node = host.Services.GetRequiredService<RaftNode>();
            ValueTask<ProposalResult> proposal = node.ProposeAsync("break"u8.ToArray(), _timeout.Token);
            await stopping.Task.WaitAsync(Patience);
            await host.StopAsync(_timeout.Token);
            NodeStoppedException stopped =
                await Assert.ThrowsAsync<NodeStoppedException>(async () => await proposal);
            Assert.Equal(Outcome.Unknown, stopped.Outcome);
            Assert.Equal(1, Environment.ExitCode);
            Assert.Contains(logs.GetSnapshot(), entry =>
                entry.Level is LogLevel.Critical && entry.Id.Id == 5000
                && entry.Message.Contains("It is broken.", StringComparison.Ordinal));
        }
        finally
        {
            Environment.ExitCode = exitCode;
        }
    }

    [Fact]
    public async Task Wrong_options_stop_the_host_before_anything_is_touched()
    {
        using IHost host = Build(options =>
        {
            options.KeyValue.QuotaBytes = -1;
            options.LeadershipHandOverTimeout = TimeSpan.FromSeconds(-1);
        });
        OptionsValidationException refusal =
            await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(_timeout.Token));
        Assert.Equal(2, refusal.Failures.Count());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task A_second_host_on_the_same_directory_is_refused()
    {
        using IHost first = Build();
        await first.StartAsync(_timeout.Token);
        using IHost second = Build();
        DataDirectoryException refusal =
            await Assert.ThrowsAsync<DataDirectoryException>(() => second.StartAsync(_timeout.Token));
        Assert.Equal(Outcome.DidNotHappen, refusal.Outcome);
        await first.StopAsync(_timeout.Token);
    }

    [Fact]
    public async Task Watches_end_when_the_host_stops()
    {
        using IHost host = Build();
        await host.StartAsync(_timeout.Token);
        await using IAsyncEnumerator<WatchBatch> watch = Store(host).WatchPrefixAsync("a").GetAsyncEnumerator();
        ValueTask<bool> next = watch.MoveNextAsync();
        await host.StopAsync(_timeout.Token);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => next.AsTask().WaitAsync(Patience));
    }

    private static IKeyValueStore Store(IHost host) => Store(host.Services);

    private static IKeyValueStore Store(IServiceProvider provider) => provider.GetRequiredService<IKeyValueStore>();

    private Task<HealthReport> HealthAsync(IHost host) =>
        host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(_timeout.Token);

    private IHost Build(
        Action<CoordOptions>? options = null,
        Action<CoordBuilder>? coord = null,
        Action<IServiceCollection>? services = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        services?.Invoke(builder.Services);
        CoordBuilder added = builder.Services.AddCoord(o =>
        {
            (o.NodeId, o.ClusterId, o.DataDirectory) = (new(1), new(0x7e57), _directory.Path);
            o.Raft.HeartbeatInterval = TimeSpan.FromMilliseconds(10);
            o.Raft.ElectionTimeout = TimeSpan.FromMilliseconds(100);
            o.Raft.SegmentBytes = 8 << 20;
            options?.Invoke(o);
        }).AddKeyValueStore();
        coord?.Invoke(added);
        return builder.Build();
    }

    private sealed class Neighbour(RaftNode node, IKeyValueStore store) : IHostedService
    {
        public bool SawRunningNode { get; private set; }

        public PutResult? PutOnTheWayDown { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            SawRunningNode = node.Status.Membership.Voters.Contains(node.Id);
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken) =>
            PutOnTheWayDown = await store.PutAsync("bye", "", cancellationToken);
    }

    private sealed class BrokenStateMachine : IStateMachine, IStateCapture
    {
        public ApplyResult Apply(in AppliedCommand command) =>
            command.Payload.IsEmpty ? default : throw new InvalidDataException("It is broken.");

        public void OnBatchApplied(LogIndex applied)
        {
        }

        public IStateCapture Capture() => this;

        public void WriteTo(Stream destination, CancellationToken cancellationToken)
        {
        }

        public void Restore(Stream snapshot, EntryId lastIncluded)
        {
        }

        public void Dispose()
        {
        }
    }
}
