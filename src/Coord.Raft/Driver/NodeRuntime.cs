using Coord.Raft.Core;
using Coord.Raft.Diagnostics;
using Coord.Raft.Storage;
using Microsoft.Extensions.Logging;

namespace Coord.Raft.Driver;

/// <summary>All that a started node consists of: its files, its loops, and what pumps them.</summary>
internal sealed class NodeRuntime
{
    private readonly DataDirectory _directory;
    private readonly StorageLoop _storage;
    private readonly ApplyLoop _apply;
    private readonly SnapshotSaveLoop _save;
    private readonly SnapshotTransferLoop _transfer;
    private readonly SegmentLoop _segments;
    private readonly ILoopPump[] _pumps;
    private bool _started;

    private NodeRuntime(
        NodeContext context, DataDirectory directory, RaftDriver driver, DriverParts parts, SegmentLoop segments,
        MessageReceiver receiver, Action<Exception> onFailure)
    {
        (_directory, Driver, Receiver, _segments) = (directory, driver, receiver, segments);
        (_storage, _apply, _save, _transfer) = (parts.Storage, parts.Apply, parts.Save, parts.Transfer);

        // In the order in which they stop: each may still feed the ones after it.
        _pumps =
        [
            Create("raft", driver, driver.Signal, () => driver.NextWake, LoopSharing.HelpsAndIsHelped),
            Create("transfer", _transfer, _transfer.Signal, () => _transfer.NextWake, LoopSharing.None),
            Create("log", _storage, _storage.Signal, () => _storage.NextWake, LoopSharing.HelpsAndWaits),
            Create("apply", _apply, _apply.Signal, () => TimeSpan.FromSeconds(1), LoopSharing.HelpsAndIsHelped),
            Create("snapshot", _save, _save.Signal, () => TimeSpan.FromSeconds(1), LoopSharing.None),
            Create("segments", segments, segments.Signal, () => TimeSpan.FromSeconds(1), LoopSharing.None),
        ];

        ILoopPump Create(
            string name, ILoop loop, LoopSignal signal, Func<TimeSpan> nextWake, LoopSharing sharing) =>
            context.Environment.CreatePump(
                new(context.Options.NodeId, name, loop, signal, nextWake, sharing, onFailure));
    }

    /// <summary>Gets the owner loop.</summary>
    public RaftDriver Driver { get; }

    /// <summary>Gets what the transport hands messages to.</summary>
    public MessageReceiver Receiver { get; }

    /// <summary>Opens the directory, recovers, and puts everything together. Nothing runs yet.</summary>
    public static NodeRuntime Open(NodeContext context, IStateMachine stateMachine, Action<Exception> onFailure)
    {
        (RaftOptions options, ILogger logger) = (context.Options, context.Logger);
        IFileSystem files = context.Environment.Files;
        DataDirectory directory = DataDirectory.Open(
            files, options.DataDirectory, options.ClusterId, options.NodeId, context.Environment.NextId,
            options.ForceNewCluster);
        Wal? wal = null;
        try
        {
            Removal.ThrowIfKnown(files, options);
            SnapshotStore snapshots = SnapshotStore.Open(files, directory.SnapshotPath);
            using LogOpening opening = BeginOpeningLog(context, directory, snapshots.Latest);
            ApplyLoop apply = new(
                options.NodeId, options.IsWitness ? null : stateMachine, snapshots, options.MaxSessions,
                context.Transport, context.Clock)
            {
                AnswersHere = options.ContinueInline,
            };
            SnapshotMetadata snapshot = LoadSnapshot(options, directory.IsNew, snapshots, apply, opening, logger);
            WalRecovery recovered = opening.Recovery;
            wal = opening.Take();
            RaftCoreState state = Recovery.Combine(snapshot, recovered, directory.LogPath, out bool resetLog);
            if (resetLog)
            {
                wal.Append(state.HardState, [], state.Snapshot.LastIncluded);
                wal.Sync();
            }

            if (ForcedCluster.IsNeeded(options, state))
                state = ForcedCluster.Begin(options, state, snapshots, apply, wal);
            if (options.ForceNewCluster)
                Removal.Forget(files, options);

            directory.CompleteInitialization();

            if (recovered.TornBytesCut > 0)
                Log.TornTailCut(logger, recovered.TornBytesCut);

            RaftCore core = new(context.Environment.Tune(CreateCoreOptions(context)), state);
            if (core.Doubt is { } doubt)
                Log.EndInDoubt(logger, options.NodeId, doubt);
            else if (wal.Doubt is not null)
                wal.EndDoubt(); // The snapshot that stands for the log has settled it.

            KnownPeers peers = new(files, options.DataDirectory);
            Log.Starting(
                logger, options.NodeId, options.ClusterId, snapshot.LastIncluded, core.FirstIndex, core.LastEntry,
                options.DataDirectory);
            return Assemble(context, directory, core, peers, wal, snapshots, apply, onFailure);
        }
        catch (Exception exception)
        {
            wal?.Dispose();
            directory.Dispose();
            if (exception is not IOException)
                throw;

            throw new DataDirectoryException(
                $"{options.DataDirectory} cannot be used: {exception.Message} Repair the cause and start the node "
                + "again.",
                exception);
        }
    }

    /// <summary>Starts the pumps.</summary>
    public void Start()
    {
        _started = true;
        foreach (ILoopPump pump in _pumps)
            pump.Start();
    }

    /// <summary>Ends the pumps, makes durable what is not yet, and lets the directory go.</summary>
    /// <returns>What went wrong at the end, if anything did.</returns>
    public Exception? Stop(Exception? failure)
    {
        _save.Cancel();
        if (_started)
        {
            foreach (ILoopPump pump in _pumps)
                pump.StopAndJoin();
        }

        return Close(failure);
    }

    /// <summary>Answers all who still wait, once nothing runs any more.</summary>
    public void FailAll(Exception? failure)
    {
        Driver.FailAll(failure ?? new NodeStoppedException("The node was stopped.", Outcome.Unknown));
        _apply.FailAll(failure);
    }

    /// <summary>Lets the files go.</summary>
    public Exception? Close(Exception? failure = null)
    {
        try
        {
            // After a failure the log says nothing more: what it would say is what can no longer be trusted.
            _storage.Close(saveMark: failure is null);
            return null;
        }
        catch (CoordException exception)
        {
            return exception;
        }
        finally
        {
            _transfer.Dispose();
            _save.Dispose();
            _segments.Dispose();
            _apply.Dispose();
            Driver.Signal.Dispose();
            _directory.Dispose();
        }
    }

    private static LogOpening BeginOpeningLog(
        NodeContext context, DataDirectory directory, SnapshotMetadata? snapshot)
    {
        NodeEnvironment environment = context.Environment;
        WalOptions walOptions = new()
        {
            DirectoryId = directory.DirectoryId,
            CreateNew = directory.IsNew,
            SegmentBytes = environment.SegmentBytes ?? context.Options.SegmentBytes,
        };
        return LogOpening.Begin(
            trail =>
            {
                using EntryArena arena = new(context.Blocks);
                Wal log = Wal.Open(
                    environment.Files, directory.LogPath, walOptions with { Trail = trail }, arena,
                    out WalRecovery recovered);
                return (log, recovered);
            },
            TrailBehind(snapshot, context.Options), environment.OpensLogBesideSnapshot);
    }

    /// <summary>Decides what of the log before a snapshot is loaded: as much as stays when one is taken.</summary>
    private static LogTrail TrailBehind(SnapshotMetadata? snapshot, RaftOptions options)
    {
        if (snapshot is null)
            return default;

        bool isAlone = snapshot.Membership.Members is [{ } member] && member.Id == options.NodeId;
        return isAlone
            ? new(snapshot.LastIncluded.Index, MaxEntries: 0, MaxBytes: 0)
            : new(snapshot.LastIncluded.Index, options.TrailingEntries, options.SnapshotBytes / 4);
    }

    /// <summary>Restores the newest snapshot that is whole; makes the first one where there is none.</summary>
    private static SnapshotMetadata LoadSnapshot(
        RaftOptions options, bool isNew, SnapshotStore snapshots, ApplyLoop apply, LogOpening log, ILogger logger)
    {
        foreach (SnapshotMetadata snapshot in snapshots.Usable)
        {
            try
            {
                apply.Restore(snapshot);
                return snapshot;
            }
            catch (Exception exception)
            {
                // What is wrong with the log comes first: it can perhaps be repaired.
                log.LoadAll();
                bool isReached = log.Recovery.LogBase.Index < snapshot.LastIncluded.Index;
                if (!isReached || exception is not (
                    LogCorruptedException or InvalidDataException or EndOfStreamException))
                    throw;

                // An older snapshot does as well, if the log reaches back to it; Recovery refuses if it does not.
                Log.SnapshotDamaged(logger, snapshot.LastIncluded, exception);
            }
        }

        WalRecovery recovered = log.Recovery;
        if (snapshots.Usable.Count > 0 || recovered.LogBase != EntryId.Zero || !recovered.Entries.IsEmpty)
        {
            throw new LogCorruptedException(
                options.DataDirectory, 0, "no snapshot in it can be read. Restore the files, or replace this member.");
        }

        // A newcomer that was stopped before it heard of its cluster must not found one when it starts again.
        if (options.JoinExisting || !isNew)
            return SnapshotMetadata.Empty;

        SnapshotMetadata first = Bootstrap.CreateSnapshot(options);
        using (StateCapture capture = apply.Capture())
        using (SnapshotWriter writer = snapshots.Create(first))
        {
            capture.WriteTo(writer, CancellationToken.None);
            writer.Commit();
        }

        apply.Restore(first);
        return first;
    }

    private static RaftCoreOptions CreateCoreOptions(NodeContext context)
    {
        RaftOptions options = context.Options;
        return new()
        {
            Id = options.NodeId,
            HeartbeatTicks = 1,
            ElectionTicks = (int)Math.Ceiling(options.ElectionTimeout / options.HeartbeatInterval),
            TickNanoseconds = (long)options.HeartbeatInterval.TotalNanoseconds,
            PreVote = options.PreVote,
            CheckQuorum = options.CheckQuorum,
            LeaseReads = options.LeaseReads,
            LeaseDriftPercent = options.LeaseDriftPercent,
            MaxUncommittedBytes = options.MaxUncommittedBytes,
            Priority = options.Priority,
            Seed = context.Environment.NextSeed(),
        };
    }

    private static NodeRuntime Assemble(
        NodeContext context, DataDirectory directory, RaftCore core, KnownPeers peers, Wal wal,
        SnapshotStore snapshots, ApplyLoop apply, Action<Exception> onFailure)
    {
        (RaftOptions options, IRaftTransport transport) = (context.Options, context.Transport);
        RaftDriver? driver = null;
        void Report(SnapshotEvent happened) => driver!.Report(happened);
        StorageLoop storage = new(
            wal, options.NodeId, transport, context.Clock, core.HardState.Term, core.LastEntry);
        SnapshotTransferLoop transfer = new(
            snapshots, options.NodeId, transport, options.SnapshotSendBytesPerSecond, context.Clock, Report);
        DriverParts parts = new(core, peers, storage, apply, new SnapshotSaveLoop(snapshots, Report), transfer);
        driver = new RaftDriver(context, parts, context.Environment.NextSeed());
        SegmentLoop segments = new(wal, context.Logger);
        storage.OnNeedsSegment = segments.Signal.Set;
        storage.OnDone = driver.Signal.Offer;
        apply.OnDone = driver.Signal.Offer;
        Removal removal = new(context.Environment.Files, options);
        MessageReceiver receiver = new(
            options, directory.DirectoryId, driver, storage, peers, removal, context.Logger);
        return new NodeRuntime(context, directory, driver, parts, segments, receiver, onFailure);
    }
}
