using Coord.Raft;
using Coord.Simulation.Faults;
using Coord.Simulation.Invariants;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;
using Coord.Simulation.Workloads;

namespace Coord.Simulation;

/// <summary>One run: faults for a while, then none, and everything must work again.</summary>
internal sealed class SimulationRun
{
    private readonly RunOptions _options;
    private readonly World _world;
    private readonly RunPlan _plan;
    private readonly Cluster _cluster;
    private readonly FaultCounts _faults = new();
    private readonly IWorkload _workload;
    private readonly string _workloadName;
    private FaultInjector? _injector;
    private bool _isOver;

    private SimulationRun(RunOptions options, TextWriter? trace)
    {
        _options = options;
        _world = new World(options.Seed, trace);
        _plan = new RunPlan(options, _world.Chance.Fork("plan"));
        Chance chance = _world.Chance.Fork("workload");
        _workloadName = options.Workload ?? chance.Of([.. WorkloadCatalogue.All.Keys]);
        _workload = WorkloadCatalogue.All[_workloadName](chance.Fork(_workloadName));
        _cluster = new Cluster(_world, _plan, _faults);
        _world.Trace.Add("world", $"seed {options.Seed}, {_workloadName}: {_plan}");
    }

    /// <summary>Gets how long the cluster may take until it works again: time enough for a few elections.</summary>
    private long Bound => (40 * Span.Of(_plan.ElectionTimeout)) + (30 * Span.Second);

    public static RunResult Run(RunOptions options, TextWriter? trace = null)
    {
        Coord.Raft.Mutants.Activate(options.Mutant);
        Coord.Kv.Mutants.Activate(options.Mutant);
        return new SimulationRun(options, trace).Run();
    }

    private RunResult Run()
    {
        SimulationFailedException? failure = null;
        try
        {
            for (int i = 0; i < _plan.Nodes; i++)
                _cluster.AddNode(joins: false);
            _world.After(0, () => _ = GuardAsync(LiveAsync));
            _world.RunAsync().Wait();
        }
        catch (AggregateException exception) when (exception.InnerException is SimulationFailedException found)
        {
            failure = found;
        }

        return new RunResult(_options, _workloadName, _faults)
        {
            Failure = failure,
            Hash = _world.Trace.Hash,
            Marks = _cluster.Marks,
            SimulatedTime = _world.Now,
            Events = _world.Events,
            Nodes = _plan.Nodes,
            Clients = _plan.Clients,
            Injections = _injector?.Injections ?? 0,
            Elections = _cluster.Checks.Elections,
            Commands = _cluster.Checks.Commands,
            Snapshots = _cluster.Checks.Snapshots,
            Repairs = _cluster.Checks.Repairs,
            Replacements = _cluster.Checks.Replacements,
        };
    }

    private async Task LiveAsync()
    {
        foreach (SimulatedNode node in _cluster.Nodes)
            node.Start();

        List<Task> clients = [];
        for (int i = 0; i < _plan.Clients; i++)
        {
            Actor actor = new(_cluster, i, () => _isOver);
            clients.Add(GuardAsync(() => _workload.RunAsync(actor)));
        }

        _ = GuardAsync(new ReadProbe(_cluster).RunAsync);
        _injector = new FaultInjector(_cluster, _options.Injections);
        await _world.DelayAsync(_plan.Duration).ConfigureAwait(false);
        Chance healing = _world.Chance.Fork("healing");
        _injector.Heal(healing.Next(3) == 0 ? ChooseResting(healing) : []);
        await _world.DelayAsync(healing.Between(0, 5 * Span.Second)).ConfigureAwait(false);
        _isOver = true;
        // Each may wait for all the others: who queues for a lock is served after those before him.
        long turns = _plan.Clients * 30 * Span.Second;
        await WithinBoundAsync(Task.WhenAll(clients), "clients end", Bound + turns).ConfigureAwait(false);
        await ConvergeAsync().ConfigureAwait(false);
        _cluster.IsHealed = true;
        await WithinBoundAsync(_injector.HandOverToRestingAsync(), "end of a transfer", Bound).ConfigureAwait(false);
        Actor last = new(_cluster, _plan.Clients, () => false) { Patience = Span.ToTimeSpan(Bound) };
        // Whoever waits for the end of leases may wait for the longest of them.
        await WithinBoundAsync(_workload.FinishAsync(last), "service", Bound + (2 * Span.Minute)).ConfigureAwait(false);
        _injector.Wake();
        await ConvergeAsync().ConfigureAwait(false);
        foreach (string finding in _workload.Check())
            _world.Fail(_workloadName, finding);
        _world.End();
    }

    /// <summary>Chooses a minority of the voters that stays down, if nobody is missing already.</summary>
    private SimulatedNode[] ChooseResting(Chance chance)
    {
        Membership membership = _cluster.Checks.Newest;
        SimulatedNode[] voters = [.. membership.Voters.Select(voter => _cluster.Find(voter)!)];
        if (membership.IsJoint || _injector!.IsChangingMembers || _cluster.Checks.HasPendingMembership
            || voters.Any(voter => voter.IsLost || !voter.DecidesBy(membership)))
        {
            return [];
        }

        return [.. voters.OrderBy(_ => chance.Next()).Take((voters.Length - 1) / 2)];
    }

    /// <summary>Waits until there is a leader, and all members have applied all that it has.</summary>
    private async Task ConvergeAsync()
    {
        long deadline = _world.Now + Bound;
        while (!HasConverged())
        {
            if (_world.Now > deadline)
                _world.Fail("no convergence", Describe());
            await _world.DelayAsync(50 * Span.Millisecond).ConfigureAwait(false);
        }

        long applied = _cluster.Leader!.Raft.Status.Applied.Value;
        foreach (SimulatedNode node in _cluster.Nodes.Where(node => IsMember(node) && IsAt(node, applied)))
            _cluster.Checks.CompareStates(node.Id, applied, node.Process!.Machine);
    }

    private bool HasConverged()
    {
        if (_cluster.Leader is not { } leader)
            return false;

        RaftStatus status = leader.Raft.Status;
        return !status.Membership.IsJoint && status.Applied == status.LastEntry.Index
            && status.Membership.Members.All(member =>
                _injector!.IsResting(member.Id)
                || (_cluster.Find(member.Id)?.Process is { } process && process.Raft.Status.Applied == status.Applied
                && process.Raft.Status.Leader == leader.Id));
    }

    /// <summary>Tells whether a store is where its node thinks; it may have applied more since.</summary>
    private static bool IsAt(SimulatedNode node, long applied) =>
        node.Process!.Raft.Status.Applied.Value == applied && node.Process.LastCommand.Value <= applied;

    private bool IsMember(SimulatedNode node) =>
        node.IsUp && _cluster.Leader!.Raft.Status.Membership.Contains(node.Id);

    private string Describe() => "After healing: " + string.Join("; ", _cluster.Nodes.Select(node =>
        node.Process is not { } process ? $"{node} is down"
        : process.Raft.Runtime is not { } runtime
            ? $"{node} starts{(process.Raft.Status.IsRepairing ? ", and repairs its log" : "")}"
        : $"{node} {process.Raft.Status.Role} {process.Raft.Status.Term} {process.Raft.Status.LastEntry} "
            + $"committed {process.Raft.Status.Commit} applied {process.Raft.Status.Applied} "
            + $"{process.Raft.Status.Membership}"
            + (process.Raft.Status.Role is RaftRole.Leader
                ? $" {string.Join(", ", runtime.Driver.Core.Status.Progress)}"
                : "")
            + (node.Doubt is { } doubt ? $", in doubt {doubt}" : "")));

    private async Task WithinBoundAsync(Task task, string what, long bound)
    {
        if (await Task.WhenAny(task, _world.DelayAsync(bound)).ConfigureAwait(false) != task)
            _world.Fail("no " + what, Describe());
        else
            await task.ConfigureAwait(false);
    }

    /// <summary>Runs something of which no exception is expected.</summary>
    private async Task GuardAsync(Func<Task> run)
    {
        try
        {
            await run().ConfigureAwait(false);
        }
        catch (SimulationFailedException exception)
        {
            _world.Fail(exception.Kind, exception.Message, exception);
        }
#pragma warning disable CA1031 // Whatever it is, it ends the run, which reports it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _world.Fail("exception", exception.ToString(), exception);
        }
    }
}
