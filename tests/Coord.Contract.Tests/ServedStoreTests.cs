using Coord.Contract.Tests.Contract;
using Coord.Contract.Tests.Harness;

namespace Coord.Contract.Tests;

/// <summary>The contract, kept by a node that serves etcd's API, as the client shows it.</summary>
public sealed class ServedStoreTests(ServedStore store) : StoreContract, IClassFixture<ServedStore>
{
    protected override Kv.IKeyValueStore Store => store.Store;
}
