using System.Text;
using Coord.Raft.Core;

namespace Coord.Raft.Tests.Conformance;

/// <summary>A cluster in one thread that does what the directives of a published case say.</summary>
internal sealed class InteractionCluster
{
    private const int ElectionTicks = 3;
    private const int HeartbeatTicks = 1;

    private readonly StringBuilder _output = new();
    private int _indent;
    private bool _quiet;

    public List<InteractionNode> Nodes { get; } = [];

    public List<Envelope> Network { get; } = [];

    /// <summary>Gets the entries that were proposed in the older published format of changes.</summary>
    public HashSet<EntryId> OlderChanges { get; } = [];

    public string Handle(DataDrivenCase c)
    {
        _output.Clear();
        bool quietBefore = _quiet;
        if (c.Find("log-level") is { Values: [string level] })
            _quiet = level == "none";
        string? error = Run(c);
        if (c.Command != "log-level")
            _quiet = quietBefore;
        if (error is not null)
            Write(error);
        return _output.Length == 0 ? "ok" : _output.ToString().TrimEnd('\n');
    }

    public void Send(in Message message) => Network.Add(Wrap(message));

    public Envelope Wrap(Message message) => new(
        message.To,
        PublishedText.Message(message, OlderChanges),
        node =>
        {
            bool isAnswer = message.Kind is MessageKind.AppendResponse or MessageKind.HeartbeatResponse
                or MessageKind.VoteResponse or MessageKind.PreVoteResponse;
            if (isAnswer && !node.Core.Membership.Contains(message.From))
                Write("raft: cannot step as peer not found");
            node.Core.Step(message);
        });

    private string? Run(DataDrivenCase c)
    {
        switch (c.Command)
        {
            case "log-level": _quiet = c.Arguments[0].Key == "none"; break;
            case "add-nodes": AddNodes(c); break;
            case "campaign": Node(c).Core.Campaign(); break;
            case "propose": return Propose(c);
            case "propose-conf-change": return ProposeChange(c);
            case "stabilize": Stabilize(Select(c)); break;
            case "process-ready": Each(Select(c), "handling Ready", node => node.ProcessReady()); break;
            case "process-append-thread": Each(Select(c), "processing append thread", Append); break;
            case "process-apply-thread": Each(Select(c), "processing apply thread", Apply); break;
            case "deliver-msgs": DeliverMessages(c); break;
            case "tick-heartbeat": Ticks(Node(c), HeartbeatTicks); break;
            case "tick-election": Ticks(Node(c), ElectionTicks); break;
            case "forget-leader": Node(c).Core.ForgetLeader(); break;
            case "set-randomized-election-timeout":
                Node(c).Core.SetElectionTimeout(int.Parse(c.Find("timeout")!.Values[0]));
                break;
            case "report-unreachable": Node(c).Core.ReportUnreachable(new NodeId(c.Ids()[1])); break;
            case "transfer-leadership":
                At(c.Find("from")!.Ids[0]).Core.TransferLeadership(new NodeId(c.Find("to")!.Ids[0]));
                break;
            case "send-snapshot": SendSnapshot(Node(c), new NodeId(c.Ids()[1])); break;
            case "compact": Node(c).Core.CompactTo(new LogIndex((long)c.Ids()[1])); break;
            case "status": Status(Node(c)); break;
            case "raft-log": RaftLog(Node(c)); break;
            case "raft-state": RaftState(); break;
            default: throw new InvalidOperationException($"Unknown directive {c.Command}.");
        }

        return null;

        string Append(InteractionNode node) => node.Process(node.AppendWork);
        string Apply(InteractionNode node) => node.Process(node.ApplyWork);
    }

    private void AddNodes(DataDrivenCase c)
    {
        LogIndex index = new((long)(c.Find("index")?.Ids[0] ?? 0));
        Membership membership = new()
        {
            Voters = [.. (c.Find("voters")?.Ids ?? []).Select(id => new NodeId(id))],
            Learners = [.. (c.Find("learners")?.Ids ?? []).Select(id => new NodeId(id))],
        };
        membership = membership with
        {
            Members = [.. membership.Voters.Concat(membership.Learners).Select(id => new Member(id, default, ""))],
        };
        SnapshotMetadata snapshot = index.IsZero
            ? SnapshotMetadata.Empty
            : new SnapshotMetadata(new EntryId(new Term(1), index), membership);
        for (ulong i = 0; i < c.Ids()[0]; i++)
        {
            RaftCoreOptions options = new()
            {
                Id = new NodeId((ulong)Nodes.Count + 1),
                ElectionTicks = ElectionTicks,
                HeartbeatTicks = HeartbeatTicks,
                PreVote = c.Flag("prevote"),
                CheckQuorum = c.Flag("checkquorum"),
                MaxInflightAppends = (int)(c.Find("inflight")?.Ids[0] ?? int.MaxValue),
                MaxInflightBytes = 0,
                MaxAppendBytes = long.MaxValue,
                MaxAppendEntries = int.MaxValue,
                MaxUncommittedBytes = long.MaxValue,
                MaxCommittedBytesPerReady =
                    (long)(c.Find("max-committed-size-per-ready")?.Ids[0] ?? long.MaxValue),
                // The published defaults differ from ours.
                EagerReplication = true,
                AnswersCommitNews = true,
                StepDownOnRemoval = c.Flag("step-down-on-removal"),
                LingerAfterRemoval = false,
                LeaseReads = c.Find("read-only") is { Values: ["lease-based"] },
                RefuseQuorumLoss = false,
            };
            RaftCoreState state = new(
                new HardState(default, default, index), snapshot, snapshot.LastIncluded, default, index);
            Nodes.Add(new InteractionNode(this, new RaftCore(options, state), c.Flag("async-storage-writes")));
        }
    }

    private string? Propose(DataDrivenCase c)
    {
        byte[] payload = Encoding.UTF8.GetBytes(c.Arguments[1].Key);
        ProposeStatus status = Node(c).Core.Propose(EntryKind.Command, payload, null, out _);
        return status is ProposeStatus.Accepted ? null : "raft proposal dropped";
    }

    private string? ProposeChange(DataDrivenCase c)
    {
        MembershipChange change = new()
        {
            Changes = [.. ChangeNotation.Parse(c.Input)],
            Transition = c.Find("transition")?.Values[0] switch
            {
                "implicit" => MembershipTransition.JointImplicit,
                "explicit" => MembershipTransition.JointExplicit,
                _ => MembershipTransition.Auto,
            },
        };
        RaftCore core = Node(c).Core;
        ProposeStatus status = core.ProposeMembership(change, out EntryId id);
        if (status is ProposeStatus.Accepted && c.Flag("v1"))
            OlderChanges.Add(id);
        if (status is ProposeStatus.NotLeader or ProposeStatus.LeadershipTransferring)
            return "raft proposal dropped";
        // The published library appends an empty entry in the place of a change that it refuses.
        if (status is not ProposeStatus.Accepted)
            core.Propose(EntryKind.Command, default, null, out _);
        return null;
    }

    private void Stabilize(List<InteractionNode> nodes)
    {
        bool done = false;
        while (!done)
        {
            done = true;
            foreach (InteractionNode node in nodes.Where(node => node.Core.HasReady))
                Section($"> {node.Id} handling Ready", () => Write(node.ProcessReady()));
            foreach (InteractionNode node in nodes.Where(node => Network.Any(e => e.To == node.Core.Id)))
                Section($"> {node.Id} receiving messages", () => Deliver(node, drop: false));
            foreach (InteractionNode node in nodes.Where(node => node.AppendWork.Count > 0))
                Section($"> {node.Id} processing append thread", () => Drain(node, node.AppendWork));
            foreach (InteractionNode node in nodes.Where(node => node.ApplyWork.Count > 0))
                Section($"> {node.Id} processing apply thread", () => Drain(node, node.ApplyWork));
        }

        void Section(string title, Action body)
        {
            done = false;
            Write(title);
            Indented(body);
        }

        void Drain(InteractionNode node, Queue<StorageWork> queue)
        {
            while (queue.Count > 0)
                Write(node.Process(queue));
        }
    }

    private void DeliverMessages(DataDrivenCase c)
    {
        foreach (ulong id in c.Ids())
            Deliver(At(id), drop: false);
        foreach (ulong id in c.Find("drop")?.Ids ?? [])
            Deliver(new NodeId(id), null);
    }

    private void Deliver(InteractionNode node, bool drop) => Deliver(node.Core.Id, drop ? null : node);

    private void Deliver(NodeId to, InteractionNode? node)
    {
        List<Envelope> arriving = [.. Network.Where(envelope => envelope.To == to)];
        Network.RemoveAll(envelope => envelope.To == to);
        foreach (Envelope envelope in arriving)
        {
            Write(node is null ? $"dropped: {envelope.Text}" : envelope.Text);
            if (node is not null)
                envelope.Deliver(node);
        }
    }

    private void Each(List<InteractionNode> nodes, string what, Func<InteractionNode, string> action)
    {
        foreach (InteractionNode node in nodes)
        {
            if (nodes.Count == 1)
            {
                Write(action(node));
                continue;
            }

            Write($"> {node.Id} {what}");
            Indented(() => Write(action(node)));
        }
    }

    private void SendSnapshot(InteractionNode node, NodeId to)
    {
        Message message = new()
        {
            Kind = MessageKind.Snapshot,
            From = node.Core.Id,
            To = to,
            Term = node.Core.Term,
            Snapshot = node.Core.Snapshot,
        };
        Send(message);
        Write(PublishedText.Message(message, OlderChanges));
    }

    private static void Ticks(InteractionNode node, int count)
    {
        for (int i = 0; i < count; i++)
            node.Core.Tick();
    }

    private void Status(InteractionNode node)
    {
        foreach (ProgressStatus progress in node.Core.Status.Progress)
            Write(PublishedText.Progress(progress));
    }

    private void RaftLog(InteractionNode node)
    {
        foreach (Entry entry in node.Core.EntriesForTests().Span)
            Write(PublishedText.Entry(entry, OlderChanges));
    }

    private void RaftState()
    {
        foreach (InteractionNode node in Nodes)
        {
            RaftCore core = node.Core;
            string part = core.Membership.IsVoter(core.Id) ? "Voter" : "Non-Voter";
            Write($"{node.Id}: State{core.Role} ({part}) Term:{core.Term.Value} Lead:{core.Leader.Value}");
        }
    }

    private void Write(string text)
    {
        if (_quiet)
            return;
        foreach (string line in text.Split('\n'))
            _output.Append(' ', _indent).Append(line).Append('\n');
    }

    private void Indented(Action body)
    {
        _indent += 2;
        body();
        _indent -= 2;
    }

    private InteractionNode Node(DataDrivenCase c) => At(c.Ids()[0]);

    private InteractionNode At(ulong id) => Nodes[(int)id - 1];

    private List<InteractionNode> Select(DataDrivenCase c) =>
        c.Ids().Count == 0 ? Nodes : [.. c.Ids().Select(At)];
}
