using System.Text;
using Coord.Kv;

namespace Coord.Contract.Tests.Contract;

/// <summary>
/// Every promise of <see cref="IKeyValueStore"/>. One suite for all stores: where one differs it is wrong, or the test
/// says why not.
/// </summary>
/// <remarks>The tests of a class share a store. Each has keys of its own, so that none sees another's.</remarks>
public abstract partial class StoreContract
{
    private static int LastTest;

    /// <summary>Where the keys of the running test are.</summary>
    private readonly string _home = $"test{Interlocked.Increment(ref LastTest):d4}/";

    protected abstract IKeyValueStore Store { get; }

    /// <summary>Gets a value indicating whether the store is known to break the promise of one test.</summary>
    protected virtual bool LosesDeletionsAtTheCompactedRevision => false;

    private KeyRange Home => KeyRange.Prefix(_home);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private byte[] Key(string name) => Bytes(_home + name);

    private KeyRange One(string name) => KeyRange.Single(Key(name));

    private async Task<Revision> PutAsync(string name, string value = "v") =>
        (await Store.PutAsync(Key(name), Bytes(value))).Revision;

    private async Task<Revision> CurrentAsync() =>
        (await Store.GetAsync(One("?"), new() { CountOnly = true })).Revision;

    private async Task<string[]> NamesAsync(KeyRange range, GetOptions? options = null) =>
        Names((await Store.GetAsync(range, options)).KeyValues);

    private string[] Names(IEnumerable<KeyValue> pairs) => [.. pairs.Select(pair => pair.KeyString[_home.Length..])];

    private async Task<KeyValue?> FindAsync(string name) => (await Store.GetAsync(One(name))).First;
}
