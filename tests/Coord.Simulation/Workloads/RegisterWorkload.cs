using Coord.Kv;
using Coord.Simulation.Checking;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>Registers that are read, written, and changed if they are what they are thought to be.</summary>
/// <remarks>
/// Each write has a value of its own, so that a read tells whose write it saw. What is checked needs no search, since
/// each answer carries a revision; a short search by values and versions is made all the same, to check the checker.
/// </remarks>
internal sealed class RegisterWorkload(Chance chance) : IWorkload
{
    private const int SearchSteps = 100_000;

    private readonly StoreHistory _history = new("register");
    private readonly int _keys = (int)chance.Fork("keys").LogUniform(1, 32);
    // Twice one must fit into the smallest request: compared with, and put.
    private readonly int _maxValue = (int)chance.Fork("value").LogUniform(1, 14 << 10);
    private int _values;

    /// <inheritdoc/>
    public async Task RunAsync(Actor actor)
    {
        Dictionary<string, string> seen = [];
        while (!actor.IsOver)
        {
            string key = _history.KeyOf($"{actor.Chance.Next(_keys):d2}");
            StoreInput input = actor.Chance.Next(6) switch
            {
                0 => StoreInput.Get(KeyRange.Single(key)),
                1 => StoreInput.Get(KeyRange.Single(key), new() { Serializable = true }),
                < 4 => StoreInput.Put(key, NextValue(actor)),
                _ => Swap(key, seen.GetValueOrDefault(key), NextValue(actor)),
            };
            TransactionResult? result = await _history.DoAsync(actor, input).ConfigureAwait(false);
            if (result?.Results is [{ Get.First: { } found }])
                seen[key] = found.ValueString;
            await actor.ThinkAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task FinishAsync(Actor actor)
    {
        for (int i = 0; i < _keys; i++)
        {
            StoreInput read = StoreInput.Get(KeyRange.Single(_history.KeyOf($"{i:d2}")));
            await _history.MustDoAsync(actor, read).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Check()
    {
        Findings findings = _history.Check();
        LinearizabilitySearch<KeyState, KeyInput, KeyOutput> search = new(new RevisionedKeyModel(), SearchSteps);
        SearchResult result = search.RunByKey(
            _history.Calls.Where(call => !call.Input.IsSerializable).Select(ToKeyCall), input => input.Key);
        findings.Require(result.Verdict is not Verdict.NotLinearizable, $"{result.Explanation}");
        return findings;
    }

    private string NextValue(Actor actor) =>
        $"{actor.Number}.{++_values}".PadRight((int)actor.Chance.LogUniform(1, _maxValue), '.');

    private static StoreInput Swap(string key, string? expected, string value)
    {
        KeyRange range = KeyRange.Single(key);
        Comparison condition = expected is null
            ? Comparison.Missing(range)
            : Comparison.OfValue(range, ComparisonOperator.Equal, ChangeLog.BytesOf(expected));
        return new(Transaction.If(condition).Then(Operation.Put(range.Key, ChangeLog.BytesOf(value))));
    }

    private static Call<KeyInput, KeyOutput> ToKeyCall(Call<StoreInput, TransactionResult> call)
    {
        KeyInput input = call.Input.Transaction switch
        {
            { Success: [GetOperation get] } => new(KeyCallKind.Get, ChangeLog.TextOf(get.Range.Key.Span)),
            { Conditions: [var condition], Success: [PutOperation put] } => new(
                KeyCallKind.PutIf,
                ChangeLog.TextOf(put.Key.Span),
                ChangeLog.TextOf(put.Value.Span),
                condition.Target is ComparisonTarget.Value ? ChangeLog.TextOf(condition.Value.Span) : null),
            { Success: [PutOperation put] } => new(
                KeyCallKind.Put, ChangeLog.TextOf(put.Key.Span), ChangeLog.TextOf(put.Value.Span)),
            _ => throw new ArgumentException($"{call.Input} is not about a register.", nameof(call)),
        };
        KeyOutput? output = call.IsKnown ? ToOutput(call.Output!) : null;
        return new(call.Client, call.Begin, call.End, input, output, call.Outcome);
    }

    private static KeyOutput ToOutput(TransactionResult result) => result.Results switch
    {
        [{ Get.First: { } found }] => new(
            result.Revision.Value, true, found.ValueString, found.ModRevision.Value, found.Version),
        [{ Get: not null }] => new(result.Revision.Value, false),
        _ => new(result.Revision.Value, result.Succeeded),
    };
}
