using Coord.Contract.Tests.Contract;
using Coord.Contract.Tests.Harness;

namespace Coord.Contract.Tests;

/// <summary>Broken connections between the client and a node that serves etcd's API.</summary>
public sealed class ServedConnectionTests(ServedStore store) : ConnectionContract, IClassFixture<ServedStore>
{
    protected override string Server => store.Endpoint;
}
