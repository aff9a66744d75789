using Coord.Kv.Coordination;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests.Coordination;

/// <summary>A store for a recipe, a clock that stands unless it is moved, and a test's sessions.</summary>
internal sealed class RecipeStore : IAsyncDisposable
{
    private readonly List<CoordinationSession> _sessions = [];

    private RecipeStore(IKeyValueStore store, FakeTimeProvider clock) => (Store, Clock) = (store, clock);

    public static TheoryData<StoreKind> Kinds => [StoreKind.Memory, StoreKind.Embedded];

    public IKeyValueStore Store { get; }

    public FakeTimeProvider Clock { get; }

    public static RecipeStore Open(StoreKind kind)
    {
        FakeTimeProvider clock = new();
        return kind switch
        {
            StoreKind.Memory => new(new MemoryStore(clock), clock),
            StoreKind.Embedded => new(new TestStore(clock: clock).Store, clock),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    public async Task<CoordinationSession> SessionAsync()
    {
        CoordinationSession session = await CoordinationSession.CreateAsync(Store, new() { TimeProvider = Clock });
        _sessions.Add(session);
        return session;
    }

    /// <summary>The keys with a prefix, the oldest first.</summary>
    public async Task<List<string>> KeysAsync(string prefix)
    {
        GetResult keys = await Store.GetPrefixAsync(prefix, new() { SortBy = SortTarget.CreateRevision });
        return [.. keys.KeyValues.Select(keyValue => keyValue.KeyString)];
    }

    /// <summary>Waits until so many keys have the prefix: until so many stand in line, for example.</summary>
    public async Task CountAsync(string prefix, int count)
    {
        GetResult keys = await Store.GetPrefixAsync(prefix);
        if (keys.Count == count)
            return;

        using CancellationTokenSource late = new(TimeSpan.FromMinutes(1));
        await foreach (WatchBatch batch in Store.WatchPrefixAsync(
            prefix, new() { StartRevision = keys.Revision.Next }, late.Token))
        {
            keys = await Store.GetPrefixAsync(prefix);
            if (keys.Count == count)
                return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (CoordinationSession session in _sessions)
            await session.DisposeAsync();
        (Store as IDisposable)?.Dispose();
    }
}
