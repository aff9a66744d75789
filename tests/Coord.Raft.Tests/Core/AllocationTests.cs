using System.Diagnostics;
using Coord.Raft.Core;

namespace Coord.Raft.Tests.Core;

/// <summary>At steady state the core allocates nothing, on the leader and on a follower.</summary>
/// <remarks>
/// Three cores in this thread pass each other their messages as they are; what a driver copies is copied into arrays
/// that exist. Assertions that are only compiled in Debug do not allocate either.
/// </remarks>
public sealed class AllocationTests
{
    private const int WarmUp = 3000;
    private const int Measured = 5000;

    private readonly RaftCore[] _cores;
    private readonly long[] _allocated = new long[3];
    private readonly Message[][] _inboxes = [new Message[64], new Message[64], new Message[64]];
    private readonly int[] _arrived = new int[3];
    private readonly Message[] _own = new Message[16];
    private readonly Entry[][] _copies = [new Entry[4096], new Entry[4096], new Entry[4096]];
    private readonly EntryBlockPool _pool = new();
    private readonly EntryArena _arena;
    private readonly SnapshotMetadata[] _snapshots;

    public AllocationTests()
    {
        Membership membership = Membership.CreateInitial(
            Enumerable.Range(1, 3).Select(i => new Member(new NodeId((ulong)i), default, "")));
        SnapshotMetadata start = new(EntryId.Zero, membership);
        _cores =
        [
            .. Enumerable.Range(1, 3).Select(i => new RaftCore(
                new RaftCoreOptions { Id = new NodeId((ulong)i) },
                new RaftCoreState(default, start, EntryId.Zero, default, default))),
        ];
        _arena = new EntryArena(_pool);
        // The metadata of a snapshot is an object; saving one is no part of the steady state.
        _snapshots = [.. Enumerable.Range(1, (WarmUp + Measured) / 100).Select(
            i => new SnapshotMetadata(Bench.Eid(1, i * 100), membership))];
    }

    [Fact]
    public void Proposing_replicating_committing_and_reading_allocates_nothing()
    {
        _cores[0].Campaign();
        RunUntilQuiet();
        Assert.Equal(RaftRole.Leader, _cores[0].Role);
        for (int i = 0; i < WarmUp; i++)
            Round(i);
        Array.Clear(_allocated);
        LogIndex before = _cores[2].AppliedIndex;
        for (int i = WarmUp; i < WarmUp + Measured; i++)
            Round(i);
        Assert.True(_cores[2].AppliedIndex - before >= Measured, "A follower applied all that was measured.");
        Assert.Equal([0L, 0, 0], _allocated);
    }

    private void Round(int i)
    {
        Memory<byte> payload = _arena.Allocate(256, out EntryBlock block);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ProposeStatus status = _cores[0].Propose(EntryKind.Command, payload, block, out _);
        if (i % 3 == 0)
            _cores[0].ReadIndex((ulong)i);
        if (i % 7 == 0)
            _cores[1].ReadIndex((ulong)i);
        if (i % 10 == 0)
            _cores[0].Tick();
        _allocated[0] += GC.GetAllocatedBytesForCurrentThread() - before;
        Debug.Assert(status is ProposeStatus.Accepted, "The leader leads on.");
        RunUntilQuiet();
        if (i % 100 == 99)
            Compact(_snapshots[i / 100]);
    }

    private void Compact(SnapshotMetadata snapshot)
    {
        for (int i = 0; i < _cores.Length; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            _cores[i].OnSnapshotSaved(snapshot);
            _cores[i].CompactTo(snapshot.LastIncluded.Index);
            _allocated[i] += GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private void RunUntilQuiet()
    {
        bool moved = true;
        while (moved)
        {
            moved = false;
            for (int i = 0; i < _cores.Length; i++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                int arrived = _arrived[i];
                _arrived[i] = 0;
                for (int m = 0; m < arrived; m++)
                    _cores[i].Step(_inboxes[i][m]);
                moved |= arrived > 0 || _cores[i].HasReady;
                if (_cores[i].HasReady)
                    Handle(i);
                _allocated[i] += GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }
    }

    private void Handle(int i)
    {
        Ready ready = _cores[i].TakeReady();
        foreach (ref readonly Message message in ready.Messages)
            Send(i, message);
        int own = 0;
        foreach (ref readonly Message message in ready.MessagesAfterAppend)
        {
            if (message.To == _cores[i].Id)
                _own[own++] = message;
            else
                Send(i, message);
        }

        AppendAck ack = ready.AppendAck;
        LogIndex applied = ready.CommittedEntries.IsEmpty ? default : ready.CommittedEntries.Span[^1].Index;
        for (int m = 0; m < own; m++)
            _cores[i].Step(_own[m]);
        _cores[i].OnAppended(ack);
        if (!applied.IsZero)
            _cores[i].OnApplied(applied);
    }

    private void Send(int from, in Message message)
    {
        int to = (int)message.To.Value - 1;
        Message copy = message;
        if (!message.Entries.IsEmpty)
        {
            // As if each receiver had copied the payloads: every log owns a reference of its own.
            Debug.Assert(_arrived[to] == 0 || from == 0, "Only the leader sends entries.");
            Entry[] entries = _copies[to];
            message.Entries.Span.CopyTo(entries);
            foreach (ref readonly Entry entry in message.Entries.Span)
                entry.Block?.AddReferences();
            copy = message with { Entries = entries.AsMemory(0, message.Entries.Length) };
        }

        _inboxes[to][_arrived[to]++] = copy;
    }
}
