using Coord.Hosting;

namespace Coord.Contract.Tests.Harness;

/// <summary>A store whose cluster remembers one session: that of the client that opened the last one.</summary>
public sealed class ForgetfulStore : ServedStore
{
    protected override void Configure(CoordOptions options) => options.Raft.MaxSessions = 1;
}
