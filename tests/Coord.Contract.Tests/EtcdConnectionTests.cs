using Coord.Contract.Tests.Contract;
using Coord.Contract.Tests.Harness;

namespace Coord.Contract.Tests;

/// <summary>Broken connections between the client and a real etcd.</summary>
public sealed class EtcdConnectionTests(EtcdServer server) : ConnectionContract, IClassFixture<EtcdServer>
{
    protected override string Server => server.Endpoint;

    protected override bool HasSessions => false;
}
