using Coord.Raft.Core;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Raft.Tests.Core;

/// <summary>The log in memory against a dumb list, and its references on pooled payload memory.</summary>
public sealed class RaftLogTests
{
    [Property(MaxTest = 300)]
    public void The_log_holds_what_a_list_would_hold(DoNotSize<int> seed)
    {
        SplitMix chance = new((ulong)seed.Item);
        RaftLog log = new(EntryId.Zero, [], default, default);
        List<Entry> twin = [];
        LogIndex start = default;
        long term = 1;
        for (int i = 0; i < 2000; i++)
        {
            switch (chance.Next(20))
            {
                case 0 when log.Last.Index > log.Committed:
                    LogIndex keep = log.Committed + chance.Next((int)(log.Last.Index - log.Committed));
                    log.TruncateAfter(keep);
                    twin.RemoveRange((int)(keep - start), twin.Count - (int)(keep - start));
                    term++;
                    break;
                case 1 when log.Applied > start:
                    LogIndex through = start + 1 + chance.Next((int)(log.Applied - start));
                    log.CompactTo(through);
                    twin.RemoveRange(0, (int)(through - start));
                    start = through;
                    break;
                case 2:
                    log.TakeUnhanded();
                    log.OnDurable(log.Last);
                    log.CommitTo(log.Last.Index - Math.Min(chance.Next(5), log.Last.Index - log.Committed));
                    while (log.HasCommitted)
                        log.OnApplied(log.TakeCommitted(maxBytes: 50).Span[^1].Index);
                    break;
                default:
                    Entry entry = Bench.Entries(log.Last.Index.Value, term)[0];
                    log.Append(entry);
                    twin.Add(entry);
                    break;
            }
        }

        Assert.Equal(twin, log.Slice(start.Next, log.Last.Index).ToArray());
        foreach (Entry entry in twin)
            Assert.True(log.Contains(entry.Id));
        for (long limit = start.Value; limit <= log.Last.Index.Value; limit += 7)
            Assert.Equal(Slow(limit, term / 2), log.FindConflict(new LogIndex(limit), new Term(term / 2)).Index.Value);

        long Slow(long limit, long maxTerm)
        {
            while (limit > start.Value && twin[(int)(limit - start.Value) - 1].Term.Value > maxTerm)
                limit--;
            return limit == start.Value && log.Base.Term.Value > maxTerm ? Math.Max(limit - 1, 0) : limit;
        }
    }

    [Fact]
    public void Compaction_releases_the_payloads_and_nothing_else_does()
    {
        EntryBlockPool pool = new();
        EntryBlock block = pool.Rent();
        RaftLog log = new(EntryId.Zero, [], default, default);
        for (int i = 1; i <= 4; i++)
        {
            block.AddReferences();
            log.Append(new Entry(Bench.Eid(1, i), EntryKind.Command, block.Bytes.AsMemory(i, 1), block));
        }

        block.Release(); // The arena's own.
        log.TruncateAfter(new LogIndex(3));
        log.TakeUnhanded();
        log.OnDurable(Bench.Eid(1, 3));
        log.CommitTo(new LogIndex(3));
        log.TakeCommitted(1000);
        log.OnApplied(new LogIndex(3));
        log.CompactTo(new LogIndex(3));
        // One reference is left, of the entry that was cut: storage may be writing it.
        Assert.NotSame(block, pool.Rent());
        block.Release();
        Assert.Same(block, pool.Rent());
    }

    [Fact]
    public void What_a_refused_append_carried_is_released()
    {
        EntryBlockPool pool = new();
        EntryBlock block = pool.Rent();
        Bench bench = Bench.Create(log: [1]);
        Entry[] entries = [new(Bench.Eid(1, 2), EntryKind.Command, block.Bytes.AsMemory(0, 1), block)];
        Message append = bench.Append(2, 1, Bench.Eid(1, 1)) with { Entries = entries };
        Entry later = entries[0] with { Id = Bench.Eid(1, 8) };
        Message gap = append with { Log = Bench.Eid(1, 7), Entries = new[] { later } };
        Message past = append with { Term = new Term(1) };
        bench.Receive(append); // This one is kept.
        block.AddReferences(4);
        bench.Receive(append); // A duplicate.
        bench.Receive(gap);
        bench.Receive(gap with { Log = Bench.Eid(1, 9) }); // Not in order.
        bench.Receive(bench.From(3, MessageKind.Vote, 4));
        bench.Receive(past);
        Assert.NotSame(block, pool.Rent());
        block.Release();
        Assert.Same(block, pool.Rent());
    }

    [Fact]
    public void A_slice_for_a_message_stays_what_it_was_while_it_is_borrowed()
    {
        RaftLog log = new(EntryId.Zero, Bench.Entries(0, 1, 1, 1), default, default);
        ReadOnlyMemory<Entry> slice = log.SliceForMessage(new LogIndex(1), 1000, 1000, out long bytes);
        Assert.Equal(6, bytes);
        log.TruncateAfter(new LogIndex(0));
        log.Append(Bench.Entries(0, 2)[0]);
        Assert.Equal(Bench.Entries(0, 1, 1, 1).Select(e => e.Id), slice.ToArray().Select(e => e.Id));
    }
}
