using Coord.Kv;
using Coord.Raft;
using Coord.Simulation.Checking;
using Coord.Simulation.Invariants;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>
/// Writers, and watches that must see all that they write: of a key, a range, or everything; with filters, from the
/// past, the present and the future; slow and fast; over crashes, snapshots and compactions.
/// </summary>
internal sealed class WatchWorkload(Chance chance) : IWorkload
{
    private readonly StoreHistory _history = new("watch");
    private readonly int _keys = (int)chance.Fork("keys").LogUniform(2, 32);
    private readonly int _watches = (int)chance.Fork("watches").Between(1, 3);
    private readonly int _maxValue = (int)chance.Fork("value").LogUniform(1, 4096);
    private readonly bool _compacts = chance.Fork("compacts").Next(2) == 0;
    private readonly List<WatchRun> _runs = [];
    private StoreTwin? _twin;
    private int _values;

    /// <inheritdoc/>
    public async Task RunAsync(Actor actor)
    {
        _twin = actor.Twin;
        List<Task> parts = [WriteAsync(actor)];
        for (int i = 0; i < _watches; i++)
        {
            Chance own = actor.Chance.Fork("watch", i);
            parts.Add(new WatchFollower(actor, own, _history, _runs, $"{actor.Number}.{i}").RunAsync(DrawRange(own)));
        }

        Chance many = actor.Chance.Fork("stream");
        if (many.Next(2) == 0)
        {
            parts.Add(new WatchStreamFollower(actor, many, _history, _runs, $"{actor.Number}.s")
                .RunAsync(() => DrawRange(many)));
        }

        await Task.WhenAll(parts).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task FinishAsync(Actor actor) =>
        await _history.MustDoAsync(actor, StoreInput.Get(_history.Keys)).ConfigureAwait(false);

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Check()
    {
        Findings findings = _history.Check();
        if (_twin is { } twin)
            findings.AddRange(WatchChecker.Check(twin.Log, twin.Compactions, _runs));
        return findings;
    }

    private async Task WriteAsync(Actor actor)
    {
        while (!actor.IsOver)
        {
            await _history.DoAsync(actor, DrawWrite(actor.Chance)).ConfigureAwait(false);
            if (_compacts && actor.Chance.Next(16) == 0)
                await CompactAsync(actor).ConfigureAwait(false);
            await actor.ThinkAsync().ConfigureAwait(false);
        }
    }

    private StoreInput DrawWrite(Chance chance)
    {
        string key = DrawKey(chance);
        switch (chance.Next(8))
        {
            case 0:
                return StoreInput.Delete(KeyRange.Single(key));
            case 1:
                return StoreInput.Delete(DrawRange(chance));
            case 2:
                // All above a key go, and the key comes: in one revision, whatever it is for each watch.
                KeyRange above = KeyRange.Between(key + "\0", _history.KeyOf("z"));
                return new(Transaction.Of(Operation.Delete(above), Put(key, chance)));
            case 3:
                SortedSet<string> keys = new(StringComparer.Ordinal) { key };
                for (int i = chance.Next(8); i > 0; i--)
                    keys.Add(DrawKey(chance));
                return new(Transaction.Of([.. keys.Select(each => Put(each, chance))]));
            default:
                return new(Transaction.Of(Put(key, chance)));
        }
    }

    private PutOperation Put(string key, Chance chance)
    {
        // No two values are alike, so that each change can be told from any other.
        string value = $"{++_values}".PadRight((int)chance.LogUniform(1, _maxValue), '.');
        return Operation.Put(ChangeLog.BytesOf(key), ChangeLog.BytesOf(value));
    }

    private KeyRange DrawRange(Chance chance) => chance.Next(3) switch
    {
        0 => KeyRange.Single(DrawKey(chance)),
        1 => KeyRange.Between(DrawKey(chance), _history.KeyOf("z")),
        _ => _history.Keys,
    };

    private string DrawKey(Chance chance) => _history.KeyOf($"{chance.Next(_keys):d2}");

    private async Task CompactAsync(Actor actor)
    {
        try
        {
            long newest = _history.Newest.Value;
            await actor.Store.CompactAsync(new(newest - actor.Chance.Next((int)Math.Min(newest, 100))))
                .ConfigureAwait(false);
        }
        catch (CoordException)
        {
            // It has been compacted already, or nobody answered.
        }
    }
}
