using Coord.Contract.Tests.Contract;
using Coord.Contract.Tests.Harness;

namespace Coord.Contract.Tests;

/// <summary>The contract, kept by a real etcd as the client shows it. This is the reference.</summary>
public sealed class EtcdTests(EtcdServer server) : StoreContract, IClassFixture<EtcdServer>
{
    protected override Kv.IKeyValueStore Store => server.Store;

    /// <summary>etcd 3.4 removes the deletion with the history before it (its issue 19179, mended in 3.6).</summary>
    protected override bool LosesDeletionsAtTheCompactedRevision => true;
}
