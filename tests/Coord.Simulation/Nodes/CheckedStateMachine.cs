using Coord.Kv;
using Coord.Raft;

namespace Coord.Simulation.Nodes;

/// <summary>The store's state machine, with somebody who looks over its shoulder.</summary>
internal sealed class CheckedStateMachine(SimulatedProcess process, KeyValueStateMachine machine) : IStateMachine
{
    /// <inheritdoc/>
    public ApplyResult Apply(in AppliedCommand command)
    {
        ApplyResult result = machine.Apply(command);
        process.LastCommand = command.Id.Index;
        process.Node.Cluster.Checks.OnApply(process, command, result);
        process.Node.Cluster.Twin.OnApply(process, command, result);
        return result;
    }

    /// <inheritdoc/>
    public void OnBatchApplied(LogIndex applied) => machine.OnBatchApplied(applied);

    /// <inheritdoc/>
    public IStateCapture Capture() => machine.Capture();

    /// <inheritdoc/>
    public void Restore(Stream snapshot, EntryId lastIncluded)
    {
        machine.Restore(snapshot, lastIncluded);
        process.Node.Cluster.Checks.OnRestore(process, lastIncluded);
    }
}
