using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>Several workloads at once, each with keys of its own; each client takes part in one or in all.</summary>
internal sealed class MixedWorkload : IWorkload
{
    private readonly List<IWorkload> _parts = [];
    private readonly bool _everybodyDoesAll;

    /// <summary>Draws some of the others.</summary>
    public MixedWorkload(Chance chance, IReadOnlyList<Func<Chance, IWorkload>> others)
    {
        _everybodyDoesAll = chance.Fork("all").Next(3) == 0;
        Chance own = chance.Fork("parts");
        int wanted = (int)own.Between(2, others.Count);
        for (int i = 0; i < others.Count; i++)
        {
            // Of those that are left, as many as are still wanted.
            if (own.Next(others.Count - i) < wanted - _parts.Count)
                _parts.Add(others[i](chance.Fork("part", i)));
        }
    }

    /// <inheritdoc/>
    public Task RunAsync(Actor actor) => _everybodyDoesAll
        ? Task.WhenAll(_parts.Select(part => part.RunAsync(actor)))
        : _parts[actor.Number % _parts.Count].RunAsync(actor);

    /// <inheritdoc/>
    public async Task FinishAsync(Actor actor)
    {
        foreach (IWorkload part in _parts)
            await part.FinishAsync(actor).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Check() => [.. _parts.SelectMany(part => part.Check())];
}
