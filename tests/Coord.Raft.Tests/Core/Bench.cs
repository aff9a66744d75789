using Coord.Raft.Core;
using Coord.Raft.Tests.Conformance;

namespace Coord.Raft.Tests.Core;

/// <summary>One core on the bench: its peers are played by the test, its disk and state machine by this.</summary>
internal sealed class Bench
{
    public Bench(RaftCoreOptions options, in RaftCoreState state) => Core = new RaftCore(options, state);

    public RaftCore Core { get; }

    public NodeId Id => Core.Id;

    public List<Entry> Applied { get; } = [];

    public List<ReadState> Reads { get; } = [];

    public List<RaftEvent> Events { get; } = [];

    /// <summary>A node of a cluster of voters 1 to n, whose log holds one entry for each given term.</summary>
    public static Bench Create(
        int voters = 3,
        ulong id = 1,
        long[]? log = null,
        HardState? hard = null,
        Func<RaftCoreOptions, RaftCoreOptions>? options = null,
        Membership? membership = null)
    {
        membership ??= Membership.CreateInitial(
            Enumerable.Range(1, voters).Select(i => new Member(new NodeId((ulong)i), default, $"host{i}")));
        Entry[] entries = Entries(0, log ?? []);
        HardState start = hard ?? new HardState(entries.Length == 0 ? default : entries[^1].Term, default, default);
        RaftCoreOptions defaults = new() { Id = new NodeId(id), Seed = 7, PreVote = false, CheckQuorum = false };
        return new Bench(
            options?.Invoke(defaults) ?? defaults,
            new RaftCoreState(start, new SnapshotMetadata(EntryId.Zero, membership), EntryId.Zero, entries, default));
    }

    /// <summary>Entries after an index, one for each term; the payload tells them apart.</summary>
    public static Entry[] Entries(long after, params long[] terms) =>
    [
        .. terms.Select((term, i) => new Entry(
            Eid(term, after + i + 1), EntryKind.Command, new[] { (byte)term, (byte)(after + i + 1) })),
    ];

    public static EntryId Eid(long term, long index) => new(new Term(term), new LogIndex(index));

    public ReadyCopy Take()
    {
        ReadyCopy ready = new(Core.TakeReady());
        Reads.AddRange(ready.ReadStates);
        Events.AddRange(ready.Events);
        return ready;
    }

    /// <summary>Makes a group durable, and steps its messages to the node itself. Returns those to others.</summary>
    public Message[] Sync(ReadyCopy ready)
    {
        foreach (Message message in ready.MessagesAfterAppend.Where(message => message.To == Id))
            Core.Step(message);
        Core.OnAppended(ready.AppendAck);
        return [.. ready.MessagesAfterAppend.Where(message => message.To != Id)];
    }

    /// <summary>Takes Readies until none is left, with a disk and a state machine that are done at once.</summary>
    public List<Message> Settle()
    {
        List<Message> sent = [];
        while (Core.HasReady)
        {
            ReadyCopy ready = Take();
            sent.AddRange(ready.Messages);
            sent.AddRange(Sync(ready));
            Apply(ready.CommittedEntries);
        }

        return sent;
    }

    public void Apply(params Entry[] entries)
    {
        foreach (Entry entry in entries)
        {
            if (entry.Kind is EntryKind.Membership)
                Core.ApplyMembership(entry);
            Applied.Add(entry);
        }

        if (entries.Length > 0)
            Core.OnApplied(entries[^1].Index);
    }

    /// <summary>Steps a message from a peer and settles.</summary>
    public List<Message> Receive(Message message)
    {
        Core.Step(message with { To = Id });
        return Settle();
    }

    public Message From(ulong peer, MessageKind kind, long term) =>
        new() { Kind = kind, From = new NodeId(peer), To = Id, Term = new Term(term) };

    public Message Append(ulong leader, long term, EntryId previous, long commit = 0, params long[] terms) =>
        From(leader, MessageKind.Append, term) with
        {
            Log = previous,
            Commit = new LogIndex(commit),
            Entries = Entries(previous.Index.Value, terms),
        };

    public Message Ack(ulong peer, long index) =>
        From(peer, MessageKind.AppendResponse, Core.Term.Value) with { Log = Eid(0, index) };

    public Message HeartbeatAck(ulong peer, ulong context = 0) =>
        From(peer, MessageKind.HeartbeatResponse, Core.Term.Value) with { Context = context };

    /// <summary>Wins an election by the votes of all others.</summary>
    public List<Message> Lead()
    {
        Core.Campaign();
        List<Message> sent = Settle();
        foreach (Message request in sent.Where(m => m.Kind is MessageKind.PreVote).ToList())
            Receive(From(request.To.Value, MessageKind.PreVoteResponse, request.Term.Value));
        foreach (NodeId voter in Core.Membership.Voters.Where(voter => voter != Id))
            sent = [.. sent, .. Receive(From(voter.Value, MessageKind.VoteResponse, Core.Term.Value))];
        Assert.Equal(RaftRole.Leader, Core.Role);
        return sent;
    }

    public EntryId Propose(int bytes = 1)
    {
        ProposeStatus status = Core.Propose(EntryKind.Command, new byte[bytes], null, out EntryId id);
        Assert.Equal(ProposeStatus.Accepted, status);
        return id;
    }

    public void Ticks(int count)
    {
        for (int i = 0; i < count; i++)
            Core.Tick();
    }

    public ProgressStatus Progress(ulong id) => Core.Status.Progress.Single(p => p.Id.Value == id);

    public long[] LogTerms() => [.. Core.EntriesForTests().ToArray().Select(entry => entry.Term.Value)];
}
