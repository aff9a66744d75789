using Coord.Raft.Core;

namespace Coord.Raft.Tests.Core;

/// <summary>A cluster of cores in one thread, with faulty network and disks, all from one seed.</summary>
/// <remarks>
/// Each seed draws its own sizes, and its own subset and strength of faults: with all faults at full strength nothing
/// interesting lives long enough. Messages are lost, repeated and reordered; about one in a hundred is kept back for
/// long, over elections. Groups reach the disk late, and a crash cuts them anywhere.
/// </remarks>
internal sealed class SimulatedCluster
{
    private readonly List<SimulatedNode> _nodes = [];
    private readonly List<Message> _network = [];
    private readonly List<Message> _hoard = [];
    private readonly Queue<(NodeId From, NodeId To, bool Succeeded)> _reports = [];
    private readonly HashSet<(NodeId, NodeId)> _cut = [];
    private readonly int[] _weights;
    private readonly int _lossPercent;
    private readonly int _duplicatePercent;
    private readonly int _hoardPercent;
    private readonly int _slowness;
    private SplitMix _chance;
    private ulong _nextContext;
    private int _proposals;

    public SimulatedCluster(int seed, int nodes)
    {
        _chance = new SplitMix((ulong)seed);
        int voters = Math.Max(1, nodes - _chance.Next(3));
        int witnesses = voters >= 3 ? _chance.Next(2) : 0;
        Membership membership = Membership.CreateInitial(Enumerable.Range(1, voters)
            .Select(i => new Member(new NodeId((ulong)i), default, "", IsWitness: i > voters - witnesses)));
        SnapshotMetadata bootstrap = new(new EntryId(new Term(1), new LogIndex(1)), membership);
        bool preVote = _chance.Next(2) == 0;
        bool checkQuorum = _chance.Next(2) == 0;
        bool eager = _chance.Next(4) == 0;
        int maxEntries = 1 + _chance.Next(1 + _chance.Next(40));
        int maxInflight = 1 + _chance.Next(8);
        int electionTicks = 2 + _chance.Next(9);
        for (int i = 1; i <= nodes; i++)
        {
            RaftCoreOptions options = new()
            {
                Id = new NodeId((ulong)i),
                Seed = _chance.Next(),
                ElectionTicks = electionTicks,
                PreVote = preVote,
                CheckQuorum = checkQuorum,
                EagerReplication = eager,
                MaxAppendEntries = maxEntries,
                MaxInflightAppends = maxInflight,
                MaxUncommittedBytes = 2000,
                MaxCommittedBytesPerReady = 100,
                RefuseQuorumLoss = _chance.Next(2) == 0,
                PromoteLagEntries = 3,
            };
            _nodes.Add(new SimulatedNode(this, options, i <= voters ? bootstrap : SnapshotMetadata.Empty));
        }

        // Ticks, readies, syncs, applies and deliveries always happen; the others only in some runs.
        _weights = [10 + _chance.Next(100), 100, 60, 40, 150, .. Enumerable.Range(0, 10).Select(_ => Strength(12))];
        _weights[6] *= 4;
        // A witness may hold what no other member of a new membership does, and cannot lead to hand it on: removing
        // members of a cluster with witnesses is the operator's risk (see RaftCore.Membership).
        if (witnesses > 0)
            _weights[10] = 0;
        _weights[14] = 5 + _chance.Next(60);
        _lossPercent = Strength(25);
        _duplicatePercent = Strength(30);
        _hoardPercent = Strength(3);
        _slowness = 1 + _chance.Next(4);
        // Drawn last: the seeds of runs without it replay as before it existed.
        // What only a witness still holds, nobody can lead to hand on: none of those either.
        _weights = [.. _weights, witnesses > 0 ? 0 : Strength(30)];
        // Who loses the end of its log may by that be a majority of the members that are left.
        if (_weights[15] > 0)
            _weights[10] = 0;
        Checks = new SimulationChecks(this);
    }

    public SimulationChecks Checks { get; }

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    public SimulatedNode this[NodeId id] => _nodes[(int)id.Value - 1];

    public void Send(in Message message) => _network.Add(message);

    /// <summary>Lets one thing happen.</summary>
    public void Step()
    {
        SimulatedNode node = _nodes[_chance.Next(_nodes.Count)];
        int event_ = Pick();
        if (event_ == 4)
        {
            for (int burst = _chance.Next(5); burst >= 0; burst--)
                DeliverAny();
            return;
        }

        if (!node.IsUp)
        {
            if (event_ == 5)
                node.Restart();
            return;
        }

        switch (event_)
        {
            case 0: node.Core.Tick(); break;
            case 1 or 2 when node.HasGroups && _chance.Next(_slowness) == 0: Sync(node); break;
            case 1 or 3 when node.HasToApply && _chance.Next(_slowness) == 0: node.Apply(); break;
            case 1 or 2 or 3: node.TakeReady(); break;
            case 5 when _chance.Next(3) == 0: node.Crash(_chance.Next(4)); return;
            case 6: node.SaveSnapshot(_chance.Next(3)); break;
            case 7: Read(node); break;
            case 8: node.Core.TransferLeadership(Anybody()); break;
            case 9: node.Core.ReportUnreachable(Anybody()); break;
            case 10: ProposeMembership(node); break;
            case 11: node.Core.ForgetLeader(); break;
            case 12: Cut(node.Id, Anybody()); break;
            case 13: node.Core.Campaign(); break;
            case 15 when MayLoseEnd(): LoseEnd(node); return;
            default: Propose(node); break;
        }

        Checks.AfterStep(node);
    }

    /// <summary>
    /// Ends all faults; then a new command must commit, and be applied by all members, in bounded time.
    /// </summary>
    public void HealAndConverge()
    {
        _cut.Clear();
        foreach (Message message in _hoard)
            Lose(message);
        _hoard.Clear();
        foreach (SimulatedNode node in _nodes.Where(node => !node.IsUp))
            node.Restart();
        while (_reports.Count > 0)
            ReportSnapshot();
        LogIndex goal = default;
        for (int tick = 0; tick < 400; tick++)
        {
            while (_reports.Count > 0)
                ReportSnapshot();
            foreach (SimulatedNode node in _nodes)
            {
                node.Core.Tick();
                Checks.AfterStep(node);
            }

            RunUntilQuiet();
            SimulatedNode? leader = _nodes
                .Where(node => node.Core.Role is RaftRole.Leader).MaxBy(node => node.Core.Term.Value);
            if (leader is null)
                continue;
            if (goal.IsZero && leader.Core.Propose(EntryKind.Command, new byte[] { 1 }, null, out EntryId id)
                is ProposeStatus.Accepted)
            {
                goal = id.Index;
            }

            Membership membership = leader.Core.Membership;
            if (!goal.IsZero && !membership.IsJoint &&
                membership.Voters.Concat(membership.Learners).All(member => this[member].Applied >= goal))
            {
                return;
            }

            // Lost with its leader; try again.
            if (!goal.IsZero && leader.Core.LastEntry.Index < goal)
                goal = default;
        }

        Assert.Fail("After all faults had healed the cluster did not commit: " + string.Join("; ", _nodes.Select(
            node => $"{node.Id} {node.Core.Role} {node.Core.Term} {node.Core.LastEntry} " +
                $"c{node.Core.CommitIndex} a{node.Applied} {node.Core.Membership} {node.Core.Doubt}")));
    }

    private void RunUntilQuiet()
    {
        bool moved = true;
        for (int round = 0; moved; round++)
        {
            Assert.True(round < 10_000, "The cluster never comes to rest.");
            moved = false;
            foreach (SimulatedNode node in _nodes)
            {
                moved |= node.Core.HasReady || node.HasGroups || node.HasToApply;
                node.TakeReady();
                for (; node.HasGroups; Checks.AfterStep(node))
                    node.Sync();
                for (; node.HasToApply; Checks.AfterStep(node))
                    node.Apply();
            }

            Message[] arriving = [.. _network];
            _network.Clear();
            foreach (Message message in arriving)
            {
                moved = true;
                Deliver(message);
            }
        }
    }

    private void Sync(SimulatedNode node)
    {
        node.Sync();
        // Right after an output is the moment at which a crash shows what was not persisted before it.
        if (_weights[5] == 0 || _chance.Next(20) > 0)
            return;
        node.Crash(0);
        node.Restart();
    }

    private void DeliverAny()
    {
        if (_hoard.Count > 0 && _chance.Next(200) == 0)
        {
            _network.AddRange(_hoard);
            _hoard.Clear();
        }

        if (_reports.Count > 0 && _chance.Next(10) == 0)
            ReportSnapshot();
        if (_network.Count == 0)
            return;
        // Mostly in order: complete disorder hides what only an orderly network can do.
        int place = _chance.Next(3) == 0 ? _chance.Next(_network.Count) : 0;
        Message message = _network[place];
        _network.RemoveAt(place);
        if (_chance.Next(100) < _hoardPercent)
            _hoard.Add(message);
        if (_chance.Next(100) < _duplicatePercent)
            _network.Add(message);
        if (_chance.Next(100) < _lossPercent || _cut.Contains((message.From, message.To)))
            Lose(message);
        else
            Deliver(message);
    }

    private void Lose(in Message message)
    {
        if (message.Kind is MessageKind.Snapshot)
            _reports.Enqueue((message.From, message.To, false));
    }

    private void Deliver(in Message message)
    {
        SimulatedNode to = this[message.To];
        if (!to.IsUp)
        {
            Lose(message);
            return;
        }

        if (message.Kind is MessageKind.Snapshot)
        {
            Checks.OnSnapshot();
            _reports.Enqueue((message.From, message.To, true));
        }

        to.Core.Step(message);
        Checks.AfterStep(to);
    }

    private void ReportSnapshot()
    {
        (NodeId from, NodeId to, bool succeeded) = _reports.Dequeue();
        if (this[from].IsUp)
            this[from].Core.ReportSnapshot(to, succeeded);
    }

    /// <summary>Tells whether another log may lose its end, and a minority still be all that did.</summary>
    private bool MayLoseEnd()
    {
        int fewest = _nodes.SelectMany(node => new[]
            {
                node.Core.DecidingMembership.Voters.Length, node.Core.DecidingMembership.VotersOutgoing.Length,
            })
            .Where(voters => voters > 0).DefaultIfEmpty(0).Min();
        return fewest > 1 && _nodes.Count(node => node.Disk.Doubt is not null) < Math.Max(1, (fewest - 1) / 2);
    }

    private void LoseEnd(SimulatedNode node)
    {
        node.LoseEnd(1 + _chance.Next(5), _chance.Next(3));
        if (node.Disk.Doubt is not null)
            Checks.OnLostEnd();
        node.Restart();
    }

    private void Propose(SimulatedNode node)
    {
        byte[] payload = BitConverter.GetBytes(++_proposals);
        node.Core.Propose(EntryKind.Command, payload, null, out _);
    }

    private void ProposeMembership(SimulatedNode node)
    {
        if (_chance.Next(2) == 0)
        {
            MembershipTarget target = RandomTarget();
            if (MembershipPlanner.Next(node.Core.Membership, target) is { } planned)
                node.Core.ProposeMembership(planned, out _);
            return;
        }

        MembershipChange change = new()
        {
            Changes = [.. Enumerable.Range(0, _chance.Next(4)).Select(_ => new MemberChange(
                (MemberChangeKind)_chance.Next(4), Anybody(), "", PromoteWhenCaughtUp: _chance.Next(2) == 0))],
            Transition = (MembershipTransition)_chance.Next(2),
        };
        node.Core.ProposeMembership(change, out _);
    }

    private MembershipTarget RandomTarget()
    {
        MemberAddress[] members = [.. _nodes.Where(_ => _chance.Next(3) > 0)
            .Select(node => new MemberAddress(node.Id, ""))];
        int learners = members.Length > 1 ? _chance.Next(2) : 0;
        return new MembershipTarget
        {
            Voters = [.. members.SkipLast(learners).DefaultIfEmpty(new MemberAddress(_nodes[0].Id, ""))],
            Learners = [.. members.TakeLast(learners)],
        };
    }

    private void Read(SimulatedNode node)
    {
        ulong context = ++_nextContext;
        Checks.OnReadRequested(node.Id, context);
        node.Core.ReadIndex(context);
    }

    private void Cut(NodeId from, NodeId to)
    {
        // Never for long: a cluster that is cut to pieces does nothing worth checking.
        if (_chance.Next(2) == 0 || _cut.Count > 3)
            _cut.Clear();
        else
            _cut.Add((from, to));
    }

    private NodeId Anybody() => _nodes[_chance.Next(_nodes.Count)].Id;

    private int Strength(int most) => _chance.Next(2) == 0 ? 0 : 1 + _chance.Next(most);

    private int Pick()
    {
        int place = _chance.Next(_weights.Sum());
        int event_ = 0;
        while (place >= _weights[event_])
            place -= _weights[event_++];
        return event_;
    }
}
