using Coord.AspNetCore.Diagnostics;
using Coord.Kv;
using Coord.Raft;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coord.AspNetCore.Handlers;

/// <summary>Tells the cluster, once it can be told, how this member is called and reached.</summary>
/// <remarks>
/// Not a <see cref="BackgroundService"/>: of one that is disposed before the thread pool came to run it, because a port
/// was in use for example, the host reports a crash.
/// </remarks>
internal sealed class MemberPublisher(
    EtcdMember member, TimeProvider timeProvider, ILogger<MemberPublisher> logger)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private Task _publishing = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _publishing = PublishAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _publishing.ConfigureAwait(false);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task PublishAsync(CancellationToken stoppingToken)
    {
        EtcdApiOptions options = member.Options;
        if (options.MemberName.Length == 0)
            return;

        MemberInfo self = new(member.Node.Id, options.MemberName, [.. options.PeerUrls], [.. options.ClientUrls]);
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // A start must not wait.
            while (!await TryPublishAsync(self, stoppingToken).ConfigureAwait(false))
                await Task.Delay(Pause, timeProvider, stoppingToken).ConfigureAwait(false);
            Log.Published(logger, self.Name, string.Join(',', self.ClientUrls));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start publishes.
        }
    }

    /// <summary>Publishes unless the cluster knows it already, so that a restart leaves no trace in the log.</summary>
    private async ValueTask<bool> TryPublishAsync(MemberInfo self, CancellationToken cancellationToken)
    {
        try
        {
            await member.Node.ReadBarrierAsync(cancellationToken).ConfigureAwait(false);

            // Where peers reach it may have been changed since it was told at its start: the cluster knows better.
            if (member.Store.Members.FirstOrDefault(known => known.Id == self.Id) is { PeerUrls.Count: > 0 } present)
                self = self with { PeerUrls = present.PeerUrls };
            if (!member.Store.Members.Any(known => IsSame(known, self)))
                await member.Store.PublishMemberAsync(self, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (CoordException exception)
        {
            Log.NotPublished(logger, exception.Message);
            return false;
        }
    }

    private static bool IsSame(MemberInfo known, MemberInfo self) =>
        known.Id == self.Id
        && known.Name == self.Name
        && known.PeerUrls.SequenceEqual(self.PeerUrls)
        && known.ClientUrls.SequenceEqual(self.ClientUrls);
}
