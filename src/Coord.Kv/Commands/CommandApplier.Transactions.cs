using System.Runtime.InteropServices;
using Coord.Kv.Mvcc;
using Coord.Kv.Mvcc.Native;
using Coord.Raft;
using MessagePack;

namespace Coord.Kv.Commands;

/// <content>
/// Transactions, in three passes over the same state: all conditions, inner ones too, decide on the state before the
/// transaction; then everything that can fail is looked for; only then something is written.
/// </content>
internal sealed partial class CommandApplier
{
    private const int Outermost = 0;

    private ApplyResult RunTransaction(in Command command)
    {
        try
        {
            if (!_program.TryRead(command.Body))
                return Answer(CommandStatus.Malformed, 0);
            if (_program.Puts && _state.Alarms.IsNoSpace)
                return Answer(CommandStatus.SpaceExceeded, _state.UsedBytes);

            Decide(Outermost);
            long cost = 0;
            if (FindPutFailure(Outermost, ref cost) is { Status: not CommandStatus.Done } put)
                return Answer(put.Status, put.Number);
            if (cost > 0 && !HasSpace(cost, command.Policy))
                return RefuseForSpace(command.Policy);

            // After the quota took history, not before: what it took cannot be read any more, here as elsewhere.
            if (FindGetFailure(Outermost) is { Status: not CommandStatus.Done } get)
                return Answer(get.Status, get.Number);
            AddSizes(Outermost);
            if (_size.IsTooLarge)
                return Answer(CommandStatus.ResultTooLarge, _size.Bytes);

            MessagePackWriter writer = new(StartResult());
            ResultCodec.WriteHead(ref writer, CommandStatus.Done, _program[Outermost].Holds ? 1 : 0);
            Run(Outermost, ref writer);
            writer.Flush();
            Commit(command.Policy);
            return EndResult();
        }
        finally
        {
            _program.Clear();
            _size.Clear();
        }
    }

    private void Decide(int transaction)
    {
        bool holds = true;
        foreach (Comparison condition in _program.ConditionsOf(_program[transaction]))
            holds = holds && Holds(condition);
        _program[transaction].Holds = holds;
        foreach (OperationStep step in _program.TakenOf(_program[transaction]))
        {
            if (step.Kind is OperationKind.Nested)
                Decide(step.Nested);
        }
    }

    private bool Holds(Comparison condition)
    {
        if (condition.Range.IsSingleKey)
            return Holds(condition, Store.Find(condition.Range.Key.Span));

        bool isEmpty = true;
        foreach (KeyVersion version in Store.LiveIn(condition.Range, _versions))
        {
            isEmpty = false;
            if (!Holds(condition, version))
                return false;
        }

        return !isEmpty || Holds(condition, null);
    }

    private static bool Holds(Comparison condition, KeyVersion? version)
    {
        if (condition.Target is ComparisonTarget.Value)
        {
            // A value that is not there is neither equal to nothing nor different from anything.
            return version is { } present
                && IsAs(condition.Operator, present.Value.SequenceCompareTo(condition.Value.Span));
        }

        long stored = condition.Target switch
        {
            _ when version is null => Mutants.MissingKeyHasRevision ? 1 : 0,
            ComparisonTarget.Version => version.Value.Version,
            ComparisonTarget.CreateRevision => version.Value.CreateRevision,
            ComparisonTarget.ModRevision => version.Value.Stamp.Revision,
            _ => version.Value.Lease,
        };
        return Mutants.RevisionsUncompared || IsAs(condition.Operator, stored.CompareTo(condition.Number));
    }

    private static bool IsAs(ComparisonOperator comparison, int order) => comparison switch
    {
        ComparisonOperator.Equal => order == 0,
        ComparisonOperator.Greater => order > 0 || (Mutants.GreaterMeansNotLess && order == 0),
        ComparisonOperator.Less => order < 0,
        _ => order != 0,
    };

    /// <summary>Looks for a put that would fail, and adds up what the others need.</summary>
    private CommandResult FindPutFailure(int transaction, ref long cost)
    {
        foreach (OperationStep step in _program.TakenOf(_program[transaction]))
        {
            if (step.Kind is OperationKind.Nested)
            {
                if (FindPutFailure(step.Nested, ref cost) is { Status: not CommandStatus.Done } failure)
                    return failure;
                continue;
            }

            if (step.Kind is not OperationKind.Put)
                continue;

            ReadOnlySpan<byte> value = step.Value.Span;
            long lease = step.Lease;
            if (!TryKeep(step.Key.Span, step.Flags, ref value, ref lease))
                return new(CommandStatus.KeyMissing, 0, default);
            if (step.Lease != 0 && !_state.Leases.Contains(step.Lease))
                return new(CommandStatus.LeaseNotFound, step.Lease, default);
            cost += KeyVersion.CostOf(step.Key.Length, value.Length);
        }

        return default;
    }

    private CommandResult FindGetFailure(int transaction)
    {
        foreach (OperationStep step in _program.TakenOf(_program[transaction]))
        {
            if (step.Kind is OperationKind.Nested)
            {
                if (FindGetFailure(step.Nested) is { Status: not CommandStatus.Done } failure)
                    return failure;
            }
            else if (step.Get is { Revision.Value: > 0 } get)
            {
                if (get.Revision.Value > Store.Revision)
                    return new(CommandStatus.FutureRevision, Store.Revision, default);
                if (get.Revision.Value < Store.CompactedRevision)
                    return new(CommandStatus.Compacted, Store.CompactedRevision, default);
            }
        }

        return default;
    }

    /// <summary>Adds up what the operations of a transaction will answer, in their order.</summary>
    private void AddSizes(int transaction)
    {
        foreach (OperationStep step in _program.TakenOf(_program[transaction]))
        {
            if (_size.IsTooLarge)
                return;

            switch (step.Kind)
            {
                case OperationKind.Put:
                    AddSizes(step);
                    break;
                case OperationKind.Get:
                    _size.AddRead(Store, new KeyRange(step.Key, step.Value), step.Get);
                    break;
                case OperationKind.Delete when (step.Flags & PutFlags.ReturnPrevious) != PutFlags.None:
                    _size.AddRead(Store, new KeyRange(step.Key, step.Value), options: null);
                    break;
                case OperationKind.Nested:
                    AddSizes(step.Nested);
                    break;
            }
        }
    }

    private void AddSizes(in OperationStep put)
    {
        KeyVersion? present = put.Flags is PutFlags.None ? null : Store.Find(put.Key.Span);
        bool keeps = (put.Flags & PutFlags.KeepValue) != PutFlags.None;
        _size.NotePut(put.Key, keeps ? present?.Value.Length ?? 0 : put.Value.Length);
        if ((put.Flags & PutFlags.ReturnPrevious) != PutFlags.None && present is { } previous)
            _size.AddVersion(put.Key.Length, previous.Value.Length);
    }

    /// <summary>Does the operations of a transaction and writes their results as one value.</summary>
    private void Run(int transaction, ref MessagePackWriter writer)
    {
        ReadOnlySpan<OperationStep> steps = _program.TakenOf(_program[transaction]);
        writer.WriteArrayHeader(steps.Length);
        foreach (OperationStep step in steps)
        {
            switch (step.Kind)
            {
                case OperationKind.Put:
                    RunPut(step, ref writer);
                    break;
                case OperationKind.Get:
                    RunGet(step, ref writer);
                    break;
                case OperationKind.Delete:
                    _versions.Clear();
                    Delete(new KeyRange(step.Key, step.Value), _versions);
                    WriteHead(ref writer, 4, step.Kind);
                    writer.Write((long)_versions.Count);
                    bool returns = (step.Flags & PutFlags.ReturnPrevious) != PutFlags.None;
                    ResultCodec.WriteVersions(ref writer, returns ? CollectionsMarshal.AsSpan(_versions) : default);
                    _versions.Clear();
                    break;
                default:
                    WriteHead(ref writer, 4, step.Kind);
                    writer.Write(_program[step.Nested].Holds);
                    Run(step.Nested, ref writer);
                    break;
            }
        }
    }

    private void RunPut(in OperationStep step, ref MessagePackWriter writer)
    {
        ReadOnlySpan<byte> value = step.Value.Span;
        long lease = step.Lease;
        _ = TryKeep(step.Key.Span, step.Flags, ref value, ref lease);
        Put(step.Key.Span, value, lease, out KeyVersion? previous);
        WriteHead(ref writer, 3, step.Kind);
        bool returns = (step.Flags & PutFlags.ReturnPrevious) != PutFlags.None;
        if (returns && previous is { } version)
            ResultCodec.WriteVersions(ref writer, new ReadOnlySpan<KeyVersion>(in version));
        else
            writer.WriteArrayHeader(0);
    }

    private void RunGet(in OperationStep step, ref MessagePackWriter writer)
    {
        // Without a revision it sees what the steps before it wrote; with one it sees the past as it was.
        GetOptions options = step.Get!;
        long revision = options.Revision.Value <= 0 ? Store.OpenRevision : options.Revision.Value;
        RangeRead read = new(new KeyRange(step.Key, step.Value), revision, options);
        while (!read.IsDone)
            Store.Step(read, int.MaxValue);

        GetResult result = read.ToResult(Store.OpenRevision);
        WriteHead(ref writer, 5, step.Kind);
        writer.Write(result.Count);
        writer.Write(result.More);
        ResultCodec.WriteVersions(ref writer, result.KeyValues);
    }

    private void WriteHead(ref MessagePackWriter writer, int fields, OperationKind kind)
    {
        writer.WriteArrayHeader(fields);
        writer.Write((byte)kind);
        writer.Write(Store.OpenRevision);
    }
}
