using Coord.Raft;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Faults;

/// <summary>Lets things go wrong, each kind by chance and at times of its own, until it is stopped.</summary>
internal sealed class FaultInjector
{
    private readonly Cluster _cluster;
    private readonly NetworkFaults _network;
    private readonly NodeFaults _nodes;
    private readonly Chance _falls;
    private readonly Chance _repairs;
    private readonly Chance _votes;
    private readonly Chance _beginnings;
    private readonly int _maxInjections;
    private IReadOnlyCollection<SimulatedNode> _rests = [];
    private bool _isStopped;

    public FaultInjector(Cluster cluster, int maxInjections)
    {
        (_cluster, _maxInjections) = (cluster, maxInjections);
        _network = new NetworkFaults(cluster);
        _nodes = new NodeFaults(cluster);
        _falls = cluster.World.Chance.Fork("falls");
        _repairs = cluster.World.Chance.Fork("repairs");
        _votes = cluster.World.Chance.Fork("votes");
        _beginnings = cluster.World.Chance.Fork("beginnings");
        cluster.OnDown = Repair;
        cluster.OnElected = OnElected;
        cluster.OnHandedOver = OnHandedOver;
        if (cluster.Plan.IntervalOf(FaultKind.VoterFall) > 0)
            cluster.OnVoted = OnVoted;
        foreach (FaultKind kind in Enum.GetValues<FaultKind>().Where(HasTimes))
        {
            if (cluster.Plan.IntervalOf(kind) > 0)
                new Source(this, kind, cluster.World.Chance.Fork("fault " + kind)).ScheduleNext();
        }
    }

    /// <summary>Gets how many faults have happened.</summary>
    public int Injections { get; private set; }

    /// <summary>Gets a value indicating whether somebody waits for a change of the membership.</summary>
    public bool IsChangingMembers => _nodes.IsChangingMembers;

    /// <summary>Ends all faults: everything runs again, and everybody reaches everybody.</summary>
    /// <param name="rests">The members that stay down, until they are woken.</param>
    public void Heal(IReadOnlyCollection<SimulatedNode> rests)
    {
        _isStopped = true;
        _rests = rests;
        _cluster.World.Trace.Add("world", $"heals");
        _cluster.Network.HealAll();
        _cluster.Network.Fates.IsHealed = true;
        foreach (SimulatedNode node in _cluster.Nodes)
        {
            node.Heal();
            if (rests.Contains(node))
                node.Kill("to see whether a quorum is enough");
            else
                node.Start();
        }

        if (!_cluster.Plan.PreVote && !_cluster.Plan.CheckQuorum)
            _cluster.World.After(Span.Second, StopStrangers);
    }

    public bool IsResting(NodeId member) => _rests.Any(node => node.Id == member);

    /// <summary>Asks the leader to hand over to a member that stays down: it must give that up, and go on.</summary>
    public async Task HandOverToRestingAsync()
    {
        if (_rests.FirstOrDefault() is not { } resting || _cluster.Leader is not { } leader)
            return;

        try
        {
            await leader.Raft.TransferLeadershipAsync(resting.Id).ConfigureAwait(false);
        }
        catch (CoordException exception)
        {
            _cluster.World.Trace.Add("admin", $"no leadership for {resting}: {exception.Message}");
        }
    }

    /// <summary>Starts the members that were left down.</summary>
    public void Wake()
    {
        IReadOnlyCollection<SimulatedNode> rested = _rests;
        _rests = [];
        foreach (SimulatedNode node in rested)
            node.Start();
    }

    /// <summary>Stops machines that were removed and do not know it, as an operator does.</summary>
    /// <remarks>
    /// They campaign for ever. Members ignore that as long as they hear a leader, by pre-votes or by the check of the
    /// quorum; without either, nothing keeps a stranger from ending each leadership (thesis §4.2.3).
    /// </remarks>
    private void StopStrangers()
    {
        foreach (SimulatedNode node in _cluster.Nodes)
        {
            if (node.Process?.Raft.Status.Membership is { Members.IsEmpty: false }
                && !_nodes.IsChangingMembers && !_cluster.Checks.Newest.Contains(node.Id))
            {
                node.Retire();
            }
        }

        _cluster.World.After(Span.Second, StopStrangers);
    }

    /// <summary>Starts a member again some time after it went down, as an operator or a supervisor does.</summary>
    private void Repair(SimulatedNode node)
    {
        long downtime = _isStopped ? Span.Second : _repairs.LogUniform(Span.Millisecond, 10 * Span.Second);
        _cluster.World.After(downtime, () =>
        {
            if (node.IsUp || node.IsRetired || _rests.Contains(node))
                return;
            if (node.IsBeyondRepair)
            {
                _nodes.Replace(node);
                return;
            }

            node.Disk.Capacity = long.MaxValue;
            node.Start();
        });
    }

    /// <summary>Tells whether a fault happens at times of its own, and not when something else does.</summary>
    private static bool HasTimes(FaultKind kind) => kind is not (FaultKind.LeaderFall or FaultKind.VoterFall);

    private void OnElected(SimulatedProcess leader)
    {
        if (_cluster.Plan.IntervalOf(FaultKind.LeaderFall) > 0)
            Fell(leader);
        Hurry(FaultKind.Membership, leader);
        Hurry(FaultKind.Transfer, leader);
    }

    /// <summary>Asks something of a new leader when it has hardly begun, and perhaps lets it fall over that.</summary>
    private void Hurry(FaultKind kind, SimulatedProcess leader)
    {
        if (_cluster.Plan.IntervalOf(kind) == 0 || _beginnings.Next(2) == 0)
            return;

        Chance chance = _beginnings.Fork(kind.ToString(), _cluster.World.Now);
        _cluster.World.After(chance.LogUniform(1, 20 * _cluster.Plan.NetworkDelay), () =>
        {
            if (leader.IsGone || !TryCount(kind))
                return;
            _nodes.Ask(kind, leader, chance);
            if (chance.Next(3) == 0)
                leader.SendsBeforeCrash = (int)chance.LogUniform(1, 32) - 1;
        });
    }

    /// <summary>Lets a voter fall when its vote is on its way, and perhaps not on its disk.</summary>
    private void OnVoted(SimulatedProcess voter)
    {
        if (_votes.Next(3) > 0 || !TryCount(FaultKind.VoterFall))
            return;

        _cluster.World.After(_votes.LogUniform(1, 10 * Span.Millisecond), () =>
        {
            if (!voter.IsGone && !_isStopped)
                voter.Node.CutPower("after a vote");
        });
    }

    /// <summary>Lets a new leader fall when it has just begun to tell the others what is in its log.</summary>
    private void Fell(SimulatedProcess leader)
    {
        if (_falls.Next(4) == 0 || !TryCount(FaultKind.LeaderFall))
            return;

        if (_falls.Next(3) == 0)
            _cluster.World.After(_falls.LogUniform(1, 10 * _cluster.Plan.NetworkDelay), () => Isolate(leader));
        else
            leader.SendsBeforeCrash = (int)_falls.LogUniform(1, 64) - 1;
    }

    /// <summary>Cuts a leader off when its successor perhaps campaigns, and it has not heard of it.</summary>
    private void OnHandedOver(SimulatedProcess leader)
    {
        long way = _cluster.Plan.NetworkDelay + _cluster.Plan.NetworkJitter;
        if (_cluster.Plan.IntervalOf(FaultKind.Transfer) > 0 && _falls.OneIn(2))
            _cluster.World.After(_falls.Between(way / 2, 3 * way), () => Isolate(leader));
    }

    private void Isolate(SimulatedProcess leader)
    {
        if (_isStopped)
            return;

        long duration = _falls.LogUniform(Span.Second, 20 * Span.Second);
        _network.Isolate(leader.Id, duration);
        // What it still takes in, and will have to cut, is on its way to the disk when the others reach it again.
        if (_falls.OneIn(3))
            leader.Node.HangDisk(duration + _falls.Between(0, 2 * Span.Second));
    }

    private bool TryCount(FaultKind kind)
    {
        if (_isStopped || Injections >= _maxInjections)
            return false;

        Injections++;
        _cluster.World.Trace.Mix(_cluster.World.Now, 6, (long)kind);
        _cluster.World.Trace.Add("fault", $"{kind}");
        _cluster.Faults.Add(kind);
        return true;
    }

    private void Inject(FaultKind kind, Chance chance)
    {
        if (!_network.TryInject(kind, chance))
            _nodes.Inject(kind, chance);
    }

    /// <summary>The next fault of a kind.</summary>
    private sealed class Source(FaultInjector injector, FaultKind kind, Chance chance) : SimulatedEvent
    {
        public void ScheduleNext()
        {
            long interval = injector._cluster.Plan.IntervalOf(kind);
            injector._cluster.World.Schedule(this, chance.Between(1, 2 * interval));
        }

        public override void Run()
        {
            if (!injector.TryCount(kind))
                return;

            injector.Inject(kind, chance.Fork("one", injector._cluster.World.Now));
            ScheduleNext();
        }
    }
}
