using Coord.Kv;
using Coord.Kv.Commands;
using Coord.Raft;
using Coord.Simulation.Checking;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Invariants;

/// <summary>
/// The store's dumb twin: does each command once more when the first member applies it, by means of its own, and knows
/// what the store must be then. Workloads check against it what their clients were told.
/// </summary>
/// <remarks>
/// Each command is compared at once: whether it was refused, its answer, and the keys that it touched. All times are
/// true ones, in nanoseconds. What it takes from the member is how far a quota compacts, and what it refuses, since
/// both depend on how a store counts bytes.
/// </remarks>
internal sealed class StoreTwin(Cluster cluster)
{
    private readonly Dictionary<long, long> _stamps = [];
    private readonly List<LeaseEnd> _leaseEnds = [];
    private readonly List<Compaction> _compactions = [];
    private readonly Dictionary<long, Term> _grantedIn = [];
    private Term _term;
    private long _lastIndex;
    private long _lastStamp;

    /// <summary>Gets all changes that were ever made.</summary>
    public ChangeLog Log { get; } = new();

    /// <summary>Gets all leases that have ended, in order.</summary>
    public IReadOnlyCollection<LeaseEnd> LeaseEnds => _leaseEnds;

    public IReadOnlyCollection<Compaction> Compactions => _compactions;

    /// <summary>Gets the oldest revision that can be read.</summary>
    public Revision Compacted => _compactions.Count > 0 ? _compactions[^1].Revision : Revision.Zero;

    /// <summary>Does a command once more, unless another member has applied it before.</summary>
    public void OnApply(SimulatedProcess process, in AppliedCommand applied, in ApplyResult outcome)
    {
        if (applied.Id.Index.Value <= _lastIndex)
            return;

        _lastIndex = applied.Id.Index.Value;
        _term = applied.Id.Term;
        byte[] payload = applied.Payload.ToArray(); // The memory is borrowed, and the log of changes keeps it.
        if (payload.Length == 0 || !CommandCodec.TryRead(payload, out Command command))
            return;

        Revision before = Log.Last;
        CommandResult result = ResultCodec.Read(outcome.Payload);
        Do(command, result);
        if (command.Policy.QuotaBytes > 0)
            NoteCompaction(process.Machine.Status.CompactedRevision);
        if (outcome.Value != Log.Last.Value)
            Fail($"{applied.Id}, {command.Kind}, ends at r{outcome.Value}; it should be {Log.Last}.");
        CompareKeys(process, before);
    }

    private void Do(in Command command, in CommandResult result)
    {
        switch (command.Kind)
        {
            case CommandKind.Put or CommandKind.Delete or CommandKind.Transaction:
                DoTransaction(command, result);
                break;
            case CommandKind.Compact:
                CommandStatus expected = command.Number <= Compacted.Value ? CommandStatus.Compacted
                    : command.Number > Log.Last.Value ? CommandStatus.FutureRevision : CommandStatus.Done;
                Expect(command, result, expected);
                if (expected is CommandStatus.Done)
                    NoteCompaction(new(command.Number));
                break;
            case CommandKind.GrantLease when result.Status is not CommandStatus.SpaceExceeded:
                Expect(
                    command, result,
                    _stamps.TryAdd(command.Lease, _lastStamp + 1) ? CommandStatus.Done : CommandStatus.LeaseExists);
                if (result.Status is CommandStatus.Done)
                {
                    _lastStamp++;
                    _grantedIn[command.Lease] = _term;
                }

                break;
            case CommandKind.RevokeLease:
                bool exists = _stamps.ContainsKey(command.Lease);
                Expect(command, result, exists ? CommandStatus.Done : CommandStatus.LeaseNotFound);
                if (exists)
                    EndLease(command, command.Lease, isRevoked: true);
                break;
            case CommandKind.KeepLeasesAlive:
                foreach (long lease in NumbersOf(command, 1).Where(_stamps.ContainsKey))
                    _stamps[lease] = ++_lastStamp;
                break;
            case CommandKind.ExpireLeases:
                Expire(command);
                break;
        }
    }

    private void DoTransaction(in Command command, in CommandResult result)
    {
        if (result.Status is CommandStatus.SpaceExceeded or CommandStatus.ResultTooLarge or CommandStatus.Compacted)
            return; // How a store counts bytes, and what that takes of history, is its own affair.

        Replayed replayed = TransactionReplay.Run(Log, Log.Last, CommandReader.ToTransaction(command));
        bool isRefused = replayed.Result is null
            || replayed.Events.Any(one => !one.KeyValue.Lease.IsNone && !_stamps.ContainsKey(one.KeyValue.Lease.Value));
        if (isRefused || result.Status is not CommandStatus.Done)
        {
            if (!isRefused || result.Status is CommandStatus.Done)
                Fail($"{command.Kind} is answered with {result.Status}; it would be {replayed}.");
            return;
        }

        if (replayed.Events.Count > 0)
            Commit(command, replayed.Events);
        string told = StoreText.Of(CommandReader.ToAnswer(command, Log.Last, result));
        string expected = StoreText.Of(Plain(command, replayed.Result!));
        if (told != expected)
            Fail($"{command.Kind} is answered with {told}; it should be {expected}.");
    }

    /// <summary>Returns an answer as the result of a command has it: of a put or deletion it has no revision.</summary>
    private TransactionResult Plain(in Command command, TransactionResult answer) =>
        command.Kind is CommandKind.Transaction ? answer : answer with { Revision = Log.Last };

    private void Expire(in Command command)
    {
        List<long> numbers = NumbersOf(command, 2);
        for (int i = 0; i < numbers.Count; i += 2)
        {
            // A keep-alive that came first in the log wins.
            if (_stamps.GetValueOrDefault(numbers[i]) != numbers[i + 1])
                continue;
            if (_grantedIn.GetValueOrDefault(numbers[i]) != _term)
                cluster.Marks.Add(Mark.LeaseEndedBySuccessor);
            EndLease(command, numbers[i], isRevoked: false);
        }
    }

    private void EndLease(in Command command, long lease, bool isRevoked)
    {
        Revision revision = Log.Last.Next;
        List<WatchEvent> events =
        [
            .. Checking.LeaseEnds.KeysOf(Log, new(lease), Log.Last).Select(key => new WatchEvent(
                WatchEventKind.Delete, new(ChangeLog.BytesOf(key), default, default, revision, 0), null)),
        ];
        _stamps.Remove(lease);
        if (events.Count > 0)
            Commit(command, events);
        _leaseEnds.Add(new(new(lease), cluster.World.Now, events.Count > 0 ? revision : default, isRevoked));
    }

    private void Commit(in Command command, IReadOnlyList<WatchEvent> events)
    {
        Log.Add(events, cluster.World.Now);
        if (command.Policy.RetainedRevisions > 0)
            NoteCompaction(new(Log.Last.Value - command.Policy.RetainedRevisions));
    }

    private void NoteCompaction(Revision revision)
    {
        if (revision > Compacted)
            _compactions.Add(new(revision, cluster.World.Now));
    }

    /// <summary>Compares the keys that were touched with what the member has now.</summary>
    private void CompareKeys(SimulatedProcess process, Revision before)
    {
        for (Revision revision = before.Next; revision <= Log.Last; revision = revision.Next)
        {
            foreach (WatchEvent one in Log.At(revision))
            {
                KeyValue? present = process.Machine.Read(new KeyRange(one.KeyValue.Key), new()).First;
                KeyValue? expected = Log.Find(ChangeLog.TextOf(one.KeyValue.Key.Span), Log.Last);
                if (StoreText.Of(present) != StoreText.Of(expected))
                    Fail($"{process.Id} has {StoreText.Of(present)}; it should be {StoreText.Of(expected)}.");
            }
        }
    }

    private void Expect(in Command command, in CommandResult result, CommandStatus status)
    {
        if (result.Status != status)
            Fail($"{command.Kind} {command.Number} {command.Lease} ends as {result.Status}; it should be {status}.");
    }

    private static List<long> NumbersOf(in Command command, int group)
    {
        List<long> numbers = [];
        CommandCodec.TryReadNumbers(command.Body, group, numbers);
        return numbers;
    }

    private void Fail(string message) => cluster.World.Fail("store", message);
}
