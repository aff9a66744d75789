using Coord.Contract.Tests.Contract;
using Coord.Contract.Tests.Harness;

namespace Coord.Contract.Tests;

/// <summary>The contract, kept by the store in the process.</summary>
public sealed class EmbeddedStoreTests(EmbeddedStore store) : StoreContract, IClassFixture<EmbeddedStore>
{
    protected override Kv.IKeyValueStore Store => store.Store;
}
