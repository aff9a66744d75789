using System.Text;
using Coord.Kv;
using Coord.Raft;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>Registers that are read, written, and changed if they are what they are thought to be.</summary>
/// <remarks>
/// Each write has a value of its own, so that a read tells whose write it saw. What is checked needs no search, since
/// each answer carries a revision: real time and revisions agree, and a read at a revision shows what was written last
/// before it.
/// </remarks>
internal sealed class RegisterWorkload(Chance chance) : IWorkload
{
    private readonly int _keys = (int)chance.Fork("keys").LogUniform(1, 32);
    private readonly List<RegisterCall> _calls = [];
    private int _values;

    /// <inheritdoc/>
    public async Task RunAsync(Actor actor)
    {
        Dictionary<string, string> seen = [];
        while (!actor.IsOver)
        {
            string key = $"r{actor.Chance.Next(_keys)}";
            RegisterCall call = actor.Chance.Next(3) switch
            {
                0 => new(actor.Number, actor.Moment(), key, RegisterCallKind.Read),
                1 => new(actor.Number, actor.Moment(), key, RegisterCallKind.Write) { Written = NextValue(actor) },
                _ => new(actor.Number, actor.Moment(), key, RegisterCallKind.Swap)
                {
                    Written = NextValue(actor),
                    Expected = seen.GetValueOrDefault(key),
                },
            };
            await DoAsync(actor, call).ConfigureAwait(false);
            if (call.Value is { } value)
                seen[key] = value;
            await actor.ThinkAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task FinishAsync(Actor actor)
    {
        for (int i = 0; i < _keys; i++)
        {
            RegisterCall call = new(actor.Number, actor.Moment(), $"r{i}", RegisterCallKind.Read);
            await DoAsync(actor, call).ConfigureAwait(false);
            if (call.Outcome is not null)
                throw new SimulationFailedException("no service", $"After healing: {call}");
        }
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Check() => RegisterChecker.Check(_calls);

    private string NextValue(Actor actor) => $"{actor.Number}.{++_values}";

    private async Task DoAsync(Actor actor, RegisterCall call)
    {
        _calls.Add(call);
        try
        {
            await CallAsync(actor.Store, call).ConfigureAwait(false);
        }
        catch (CoordException exception)
        {
            call.Outcome = exception.Outcome;
        }

        call.End = actor.Moment();
        if (actor.World.Trace.IsRead)
            actor.Trace(call.ToString());
        actor.World.Trace.Mix(call.End, call.Revision, call.Outcome is null ? 0 : 1);
    }

    private static async Task CallAsync(IKeyValueStore store, RegisterCall call)
    {
        byte[] key = Encoding.UTF8.GetBytes(call.Key);
        switch (call.Kind)
        {
            case RegisterCallKind.Read:
                GetResult read = await store.GetAsync(KeyRange.Single(key)).ConfigureAwait(false);
                call.Revision = read.Revision.Value;
                call.Value = read.First?.ValueString;
                break;
            case RegisterCallKind.Write:
                PutResult put = await store.PutAsync(key, Encoding.UTF8.GetBytes(call.Written!)).ConfigureAwait(false);
                call.Revision = put.Revision.Value;
                call.HasWritten = true;
                break;
            default:
                TransactionResult swap = await store.CommitAsync(Swap(key, call)).ConfigureAwait(false);
                call.Revision = swap.Revision.Value;
                call.HasWritten = swap.Succeeded;
                break;
        }
    }

    private static Transaction Swap(byte[] key, RegisterCall call)
    {
        KeyRange range = KeyRange.Single(key);
        Comparison condition = call.Expected is { } expected
            ? Comparison.OfValue(range, ComparisonOperator.Equal, Encoding.UTF8.GetBytes(expected))
            : Comparison.Missing(range);
        return Transaction.If(condition).Then(Operation.Put(key, Encoding.UTF8.GetBytes(call.Written!)));
    }
}
