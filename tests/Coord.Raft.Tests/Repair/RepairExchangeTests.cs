using Coord.Raft.Driver;
using Coord.Raft.Storage;
using Coord.Raft.Tests.Core;

namespace Coord.Raft.Tests.Repair;

/// <summary>What damaged members conclude from each other's answers, in every order that these may come in.</summary>
public sealed class RepairExchangeTests
{
    private const int Patience = 10;

    private static readonly Membership Three = MembershipOf(1, 2, 3);

    [Fact]
    public void Members_with_different_damage_repair_each_other_whatever_is_late_or_lost()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            RepairModel model = new(seed);
            string? problem = model.Run();
            Assert.True(problem is null, $"Seed {seed}: {problem}{Environment.NewLine}{model}");
        }
    }

    /// <summary>
    /// Two members miss an entry each, one behind the other. Who has the later one may know nothing of what was before
    /// it: not even that there is a snapshot.
    /// </summary>
    [Fact]
    public void A_peer_that_lacks_what_is_before_is_not_taken_for_one_with_a_snapshot()
    {
        FragmentedLog first = LogOf([1, 1, 1, 1], missing: [2]);
        FragmentedLog second = LogOf([1, 1, 1, 1], missing: [3]);
        RepairExchange asking = Exchange(second, 2);
        RepairExchange answering = Exchange(first, 1);

        Assert.True(asking.Take(answering.Answer(asking.Ask().First())));
        Message answer = answering.Answer(asking.Ask().First());
        Assert.False(asking.Take(answer));

        Assert.Equal(RepairAnswer.Unknown, (RepairAnswer)answer.Context);
        Assert.False(asking.IsInVain(100));
    }

    [Fact]
    public void Whoever_holds_the_last_entry_that_is_missing_can_help_within_a_term()
    {
        FragmentedLog log = LogOf([1, 1, 2, 2, 2], missing: [3, 4]);
        RepairExchange asking = Exchange(log, 1);
        Bench shorter = Bench.Create(id: 2, log: [1, 1, 2, 2]);

        Assert.True(asking.Take(AnswerOf(shorter, asking.Ask().First())));

        Assert.True(log.IsWhole);
    }

    [Fact]
    public void Whoever_holds_the_last_entry_that_is_missing_of_an_earlier_term_cannot_vouch_for_it()
    {
        RepairExchange asking = Exchange(LogOf([1, 1, 2, 2, 3], missing: [3, 4]), 1);
        Bench shorter = Bench.Create(id: 2, log: [1, 1, 2, 2]);

        Assert.False(asking.Take(AnswerOf(shorter, asking.Ask().First())));

        Assert.False(asking.IsInVain(100));
    }

    [Fact]
    public void A_member_that_may_have_lost_an_entry_does_not_say_that_it_never_had_it()
    {
        RepairExchange asking = Exchange(LogOf([1, 1, 1, 2], missing: [2, 3]), 1);
        Message question = asking.Ask().First();
        Message answer = AnswerOf(InDoubt(bound: 4), question);
        Assert.Equal(RepairAnswer.Unknown, (RepairAnswer)answer.Context);
        answer = AnswerOf(InDoubt(bound: 3), question);
        Assert.Equal(RepairAnswer.NotHeld, (RepairAnswer)answer.Context);

        // What is committed in its place shows that the entry was not.
        answer = AnswerOf(InDoubt(bound: 9, log: [1, 1, 1, 3], commit: 4), question);
        Assert.Equal(RepairAnswer.NotHeld, (RepairAnswer)answer.Context);
    }

    [Fact]
    public void An_entry_that_so_many_never_had_that_it_is_not_committed_is_given_up()
    {
        RepairExchange asking = Exchange(LogOf([1, 2, 2, 2], missing: [2]), 1);
        Hear(asking, 2, RepairAnswer.NotHeld, Bench.Eid(1, 1));
        Assert.False(asking.IsInVain(100));
        Hear(asking, 3, RepairAnswer.NotHeld, Bench.Eid(1, 1));
        Assert.True(asking.IsInVain(0));
    }

    [Fact]
    public void Voters_of_a_later_membership_are_no_evidence_about_the_majorities_of_this_one()
    {
        RepairExchange asking = Exchange(LogOf([1, 2, 2, 2], missing: [2]), 1);
        Hear(asking, 2, RepairAnswer.NotHeld, Bench.Eid(1, 1), membership: 2);
        Hear(asking, 3, RepairAnswer.NotHeld, Bench.Eid(1, 1));
        Assert.False(asking.IsInVain(100));
    }

    [Theory]
    [InlineData(2, 5)]
    [InlineData(1, 9)]
    [InlineData(3, 1)]
    public void Nothing_is_given_up_but_for_somebody_who_knows_what_was_decided_of_all_of_it(long term, long index)
    {
        RepairExchange asking = Exchange(LogOf([1, 2, 2, 2, 2], missing: [2]), 1);
        Hear(asking, 2, RepairAnswer.Compacted, Bench.Eid(2, 4));
        Hear(asking, 3, RepairAnswer.Compacted, Bench.Eid(2, 4));
        Assert.False(asking.IsInVain(100));
        Hear(asking, 2, RepairAnswer.Compacted, Bench.Eid(term, index));
        Assert.True(asking.IsInVain(0));
    }

    [Fact]
    public void Peers_that_may_still_help_are_given_some_time_and_one_that_was_removed_no_more_than_that()
    {
        RepairExchange asking = Exchange(LogOf([1, 2, 2, 2, 2], missing: [2]), 1, MembershipOf(1, 2, 3, 4));
        Hear(asking, 2, RepairAnswer.Compacted, Bench.Eid(2, 7), membership: 6);
        Hear(asking, 3, RepairAnswer.Compacted, Bench.Eid(2, 7), membership: 6);
        Assert.False(asking.IsInVain(Patience - 1));
        Assert.True(asking.IsInVain(Patience));
    }

    [Fact]
    public void Another_history_than_the_snapshots_is_given_up_at_once()
    {
        FragmentedLog log = new();
        log.Add(Bench.Entries(12, 3)[0], follows: false);
        log.StandOn(Bench.Eid(4, 12));
        RepairExchange asking = Exchange(log, 1);
        Assert.False(asking.IsInVain(0));
        Assert.True(log.TryFill(Bench.Eid(3, 12), default));
        Assert.True(asking.IsInVain(0));
    }

    [Fact]
    public void Whoever_a_change_in_the_log_has_added_is_asked_as_well()
    {
        FragmentedLog log = LogOf([1, 1, 1], missing: [2]);
        MembershipChange change = new() { Changes = [new(MemberChangeKind.AddVoter, new NodeId(7), "seven")] };
        Entry added = new(Bench.Eid(1, 4), EntryKind.Membership, MembershipChangeCodec.Encode(change));
        log.Add(added, follows: true);

        RepairExchange asking = Exchange(log, 1);

        Assert.Equal([2UL, 3, 7], asking.Ask().Select(question => question.To.Value));
        Assert.Equal("seven", asking.Peers[^1].Address);
    }

    internal static FragmentedLog LogOf(long[] terms, int[] missing)
    {
        FragmentedLog log = new();
        log.BeginAfter(EntryId.Zero);
        Entry[] entries = Bench.Entries(0, terms);
        bool follows = true;
        foreach (Entry entry in entries)
        {
            bool isThere = !missing.Contains((int)entry.Index.Value);
            if (isThere)
                log.Add(entry, follows);
            follows = isThere;
        }

        log.EndAt(entries[^1].Id); // By the mark.
        return log;
    }

    internal static Message AnswerOf(Bench whole, in Message question)
    {
        RepairAnswer answer = whole.Core.FindBefore(
            question.Hint, question.Log.Index, question.Commit, out EntryId before, out ReadOnlyMemory<Entry> entries);
        return RepairExchange.CreateAnswer(
            question, whole.Core.Term, answer, before, entries.ToArray(), whole.Core.NewestMembership);
    }

    private static Bench InDoubt(long bound, long[]? log = null, long commit = 0)
    {
        Entry[] entries = Bench.Entries(0, log ?? [1]);
        HardState hard = new(new Term(5), default, new LogIndex(commit));
        Raft.Core.RaftCoreOptions options = new() { Id = new NodeId(2), Seed = 7 };
        return new Bench(options, new Raft.Core.RaftCoreState(
            hard, new SnapshotMetadata(EntryId.Zero, Three), EntryId.Zero, entries, default,
            new LogDoubt(new Term(5), new LogIndex(bound))));
    }

    private static void Hear(
        RepairExchange asking, ulong from, RepairAnswer answer, EntryId committed, long membership = 0)
    {
        Message question = asking.Ask().Single(question => question.To.Value == from);
        Assert.False(asking.Take(RepairExchange.CreateAnswer(
            question, new Term(9), answer, committed, default, new LogIndex(membership))));
    }

    private static RepairExchange Exchange(FragmentedLog log, ulong self, Membership? membership = null) =>
        new(log, new Term(9), membership ?? Three, new NodeId(self));

    private static Membership MembershipOf(params ulong[] ids) =>
        Membership.CreateInitial(ids.Select(id => new Member(new NodeId(id), default, $"node{id}")));
}
