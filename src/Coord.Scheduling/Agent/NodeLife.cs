using Coord.Kv;
using Coord.Kv.Coordination;

namespace Coord.Scheduling.Agent;

/// <summary>What all slots of one life of a node share: from its registration until its session is lost.</summary>
/// <param name="Session">The node's lease.</param>
/// <param name="Incarnation">Which life it is: the create revision of the node's key.</param>
/// <param name="Options">How the node runs units.</param>
/// <param name="Keys">The scheduler's keys.</param>
/// <param name="Runners">The runners by name.</param>
/// <param name="Statuses">Takes what the slots say.</param>
/// <param name="Log">Where to log.</param>
internal sealed record NodeLife(
    CoordinationSession Session,
    long Incarnation,
    AgentOptions Options,
    SchedulerKeys Keys,
    IReadOnlyDictionary<string, IUnitRunner> Runners,
    StatusWriter Statuses,
    Microsoft.Extensions.Logging.ILogger Log)
{
    public IKeyValueStore Store => Session.Store;

    public NodeName Node => Options.Node.Name;

    public TimeProvider Clock => Options.TimeProvider;
}
