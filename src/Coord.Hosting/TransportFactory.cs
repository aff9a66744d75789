using Coord.Raft;

namespace Coord.Hosting;

/// <summary>
/// Creates the node's transport. Not the transport itself, which the node owns and the container must not.
/// </summary>
internal sealed record TransportFactory(Func<IServiceProvider, IRaftTransport> Create);
