using System.Buffers;
using System.Threading.Channels;
using Coord.Raft.Diagnostics;
using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>Makes a damaged log whole again before its member takes part in anything.</summary>
/// <remarks>
/// <para>
/// Meanwhile the member is down for its cluster: it has no core, so it neither votes nor acknowledges. It asks all
/// peers for what was before an entry that its log held (see <see cref="FragmentedLog"/>), and answers the same
/// question of others, so that members with different damage help each other. When nothing is missing any more the log
/// is written anew, and the member starts as if nothing had happened: its log, term and vote are what they were.
/// </para>
/// <para>
/// Where nobody has what is missing, and what follows it cannot matter any more (<see cref="RepairExchange"/>), the
/// member gives that up. It may have acknowledged it; so it starts with a <see cref="LogDoubt"/> about all of it, and
/// is careful with its vote.
/// </para>
/// <para>The receiver's methods are called by the transport's threads, the rest by whoever starts the node.</para>
/// </remarks>
internal sealed class LogRepair : IRaftMessageReceiver, IDisposable
{
    private const int MaxQueued = 64;

    private const int RoundsBetweenNews = 40;

    private readonly NodeContext _context;
    private readonly TimeProvider _timeProvider;
    private readonly LogCorruptedException _damage;
    private readonly DataDirectory _directory;
    private readonly WalMarkFile _markFile;
    private readonly WalOptions _walOptions;
    private readonly SalvagedLog _salvaged;
    private readonly RepairExchange _exchange;
    private readonly KnownPeers _peers;
    private readonly PeerHello _hello;
    private readonly Channel<Message> _inbox = Channel.CreateBounded<Message>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true });

    private LogRepair(
        NodeContext context, TimeProvider timeProvider, LogCorruptedException damage, DataDirectory directory,
        WalMarkFile markFile, WalOptions walOptions, SalvagedLog salvaged, Membership membership)
    {
        (_context, _timeProvider, _damage, _directory) = (context, timeProvider, damage, directory);
        (_markFile, _walOptions, _salvaged) = (markFile, walOptions, salvaged);
        _exchange = new RepairExchange(Remains, salvaged.HardState.Term, membership, context.Options.NodeId);
        _peers = new KnownPeers(context.Environment.Files, context.Options.DataDirectory);
        EntryId last = Remains.Last;
        LogIndex bound = LogIndex.Max(last.Index, salvaged.Doubt?.Bound ?? default);
        // What was acknowledged by the member, not what is left of it: peers remember, and know that it is no copy.
        _hello = new PeerHello(
            context.Options.ClusterId, context.Options.NodeId, directory.DirectoryId, salvaged.HardState.Term,
            new EntryId(last.Term, bound));
    }

    /// <inheritdoc/>
    public PeerHello LocalHello => _hello;

    private FragmentedLog Remains => _salvaged.Entries;

    /// <summary>Begins the repair of a log, if there is anybody to help and nothing is damaged besides.</summary>
    /// <returns>Null if the damage stays what it is: the member does not start.</returns>
    /// <exception cref="DataDirectoryException">The directory cannot be used.</exception>
    public static LogRepair? TryBegin(NodeContext context, TimeProvider timeProvider, LogCorruptedException damage)
    {
        try
        {
            return Begin(context, timeProvider, damage);
        }
        catch (IOException exception)
        {
            throw new DataDirectoryException(
                $"{context.Options.DataDirectory} cannot be used: {exception.Message} Repair the cause and start the "
                + "node again.",
                exception);
        }
    }

    /// <summary>Gets what is missing and writes the log anew.</summary>
    /// <param name="cancellationToken">Gives up; nothing was changed then.</param>
    /// <exception cref="StorageFailedException">The disk failed. Nothing was changed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Log.RepairStarted(_context.Logger, _context.Options.NodeId, _damage.Message, DescribeMissing());
        for (int quietRounds = 0; !Remains.IsWhole; quietRounds++)
        {
            if (quietRounds == 0)
                _context.Transport.UpdateMembers(_exchange.Peers);
            Ask();
            if (await TakeAnswersAsync(cancellationToken).ConfigureAwait(false))
            {
                quietRounds = -1;
                continue;
            }

            if (_exchange.IsInVain(quietRounds))
                break;
            if (quietRounds % RoundsBetweenNews == RoundsBetweenNews - 1)
            {
                Log.RepairWaits(
                    _context.Logger, _context.Options.NodeId, DescribeMissing(), _exchange.DescribeAnswers());
            }
        }

        Finish();
    }

    /// <inheritdoc/>
    public bool AcceptPeer(in PeerHello peer, out string? refusal)
    {
        try
        {
            refusal = peer.NodeId == _context.Options.NodeId
                ? $"{peer.NodeId} exists twice; give one of the two another id."
                : _peers.Check(peer);
        }
        catch (IOException exception)
        {
            refusal = $"{_context.Options.NodeId} cannot remember its peers: {exception.Message}";
        }

        return refusal is null;
    }

    /// <inheritdoc/>
    public bool IsRemoved(in PeerHello peer) => _peers.IsRemoved(peer);

    /// <inheritdoc/>
    public ReceiveResult Receive(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena)
    {
        if (!MessageCodec.TryRead(message, arena, out Message decoded))
            return ReceiveResult.Malformed;

        bool isMine = decoded.From == from && decoded.To == _context.Options.NodeId;
        bool isRepair = decoded.Kind is MessageKind.Repair or MessageKind.RepairResponse;
        if (isMine && isRepair && _inbox.Writer.TryWrite(decoded))
            return ReceiveResult.Accepted;

        // To all else a member that is down would not have answered either.
        MessageCodec.Discard(decoded);
        return isMine ? ReceiveResult.Dropped : ReceiveResult.Malformed;
    }

    /// <inheritdoc/>
    public void ReportRemoved(NodeId peer)
    {
        // The node will hear it again once it runs; nobody answers this one until it has given up.
    }

    /// <inheritdoc/>
    public void ReportUnreachable(NodeId peer)
    {
    }

    /// <inheritdoc/>
    public void ReportConnected(NodeId peer)
    {
    }

    /// <summary>Lets the files go.</summary>
    public void Dispose()
    {
        _inbox.Writer.TryComplete();
        _markFile.Dispose();
        _directory.Dispose();
    }

    private static LogRepair? Begin(NodeContext context, TimeProvider timeProvider, LogCorruptedException damage)
    {
        RaftOptions options = context.Options;
        IFileSystem files = context.Environment.Files;
        if (options.ForceNewCluster)
            return null;

        DataDirectory directory = DataDirectory.Open(
            files, options.DataDirectory, options.ClusterId, options.NodeId, context.Environment.NextId);
        WalMarkFile? markFile = null;
        try
        {
            if (FindSnapshot(files, directory) is { } snapshot)
            {
                markFile = WalMarkFile.Open(files, directory.LogPath, directory.DirectoryId);
                WalOptions walOptions = new()
                {
                    DirectoryId = directory.DirectoryId,
                    SegmentBytes = context.Environment.SegmentBytes ?? options.SegmentBytes,
                };
                SalvagedLog salvaged = Salvage(context, directory, walOptions, markFile);
                salvaged.Entries.StandOn(snapshot.LastIncluded);
                Membership membership = snapshot.Membership;
                if (CanBeRepaired(salvaged, membership, options.NodeId))
                {
                    return new LogRepair(
                        context, timeProvider, damage, directory, markFile, walOptions, salvaged, membership);
                }
            }
        }
        catch (LogCorruptedException)
        {
            // More is damaged than other members can make good.
        }
        catch
        {
            markFile?.Dispose();
            directory.Dispose();
            throw;
        }

        markFile?.Dispose();
        directory.Dispose();
        return null;
    }

    private static SnapshotMetadata? FindSnapshot(IFileSystem files, DataDirectory directory)
    {
        SnapshotStore snapshots = SnapshotStore.Open(files, directory.SnapshotPath);
        foreach (SnapshotMetadata snapshot in snapshots.Usable)
        {
            try
            {
                // Read to its end: what it stands for is given up.
                using Stream content = snapshots.OpenRead(snapshot);
                content.CopyTo(Stream.Null);
                return snapshot;
            }
            catch (LogCorruptedException)
            {
                // The older one does as well, if the log reaches back to it.
            }
        }

        return null;
    }

    private static SalvagedLog Salvage(
        NodeContext context, DataDirectory directory, WalOptions walOptions, WalMarkFile markFile)
    {
        IFileSystem files = context.Environment.Files;
        List<(ulong Epoch, string Path)> segments = Wal.ListSegments(files, directory.LogPath);
        Wal.FinishEarlierRewrite(files, directory.LogPath, markFile, segments);
        using EntryArena arena = new(context.Blocks);
        using WalSalvage salvage = new(files, walOptions, markFile, arena);
        return salvage.Run(segments);
    }

    private static bool CanBeRepaired(SalvagedLog salvaged, Membership membership, NodeId self)
    {
        bool isAlone = membership.Voters.Concat(membership.VotersOutgoing).All(voter => voter == self);
        return salvaged.IsHardStateCertain
            && salvaged.HardState.Term >= salvaged.Entries.Last.Term
            && (!isAlone || (salvaged.Entries.IsWhole && salvaged.Doubt is null));
    }

    private void Ask()
    {
        foreach (Message question in _exchange.Ask())
            _context.Transport.TrySend(question);

        _context.Transport.Flush();
    }

    /// <summary>Takes what arrives in one round; returns at once with true when something was of use.</summary>
    private async Task<bool> TakeAnswersAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource round = new(_context.Options.HeartbeatInterval * 5, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(round.Token, cancellationToken);
        try
        {
            while (await _inbox.Reader.WaitToReadAsync(either.Token).ConfigureAwait(false))
            {
                bool progress = false;
                while (!progress && _inbox.Reader.TryRead(out Message message))
                    progress = Take(message);

                _context.Transport.Flush();
                if (progress)
                    return true;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The round is over.
        }

        return false;
    }

    private bool Take(in Message message)
    {
        if (message.Kind is MessageKind.Repair)
        {
            _context.Transport.TrySend(_exchange.Answer(message));
            MessageCodec.Release(message);
            return false;
        }

        bool isOfUse = _exchange.Take(message);
        if (isOfUse)
            MessageCodec.Release(message);
        else
            MessageCodec.Discard(message);
        return isOfUse;
    }

    private void Finish()
    {
        LogDoubt? doubt = _salvaged.Doubt;
        if (!Remains.IsWhole)
        {
            doubt = new LogDoubt(_salvaged.HardState.Term, Remains.Last.Index).With(doubt);
            Remains.GiveUpBehindHole();
            Log.RepairGaveUp(_context.Logger, _context.Options.NodeId, Remains.Last);
        }

        LogPiece whole = Remains.Pieces[0];
        HardState hardState = _salvaged.HardState with { Commit = LogIndex.Min(whole.Commit, whole.Last.Index) };
        Wal.Rewrite(
            _context.Environment.Files, _directory.LogPath, _walOptions, _markFile, hardState, whole, doubt);
        Log.Repaired(_context.Logger, _context.Options.NodeId, whole.Last);
    }

    private string DescribeMissing() => Remains.IsWhole
        ? "Nothing is missing"
        : $"It lacks entries up to {Remains.Pieces[1].Before.Index} behind {Remains.Pieces[0].Last}, before "
        + $"{Remains.Pieces[1].Anchor}";
}
