using Coord.Kv;
using Coord.Raft;
using Coord.Simulation.Checking;
using Coord.Simulation.Invariants;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>Calls the store for the actors of a workload, and notes all of it, to be checked by revisions.</summary>
/// <param name="name">The workload; its keys begin with it and a slash, and nobody else writes there.</param>
internal sealed class StoreHistory(string name)
{
    private readonly History<StoreInput, TransactionResult> _history = new();
    private readonly Findings _refusals = new();
    private readonly KeyRange _keys = KeyRange.Prefix(name + "/");
    private StoreTwin? _twin;

    /// <summary>Returns the whole name of one of the workload's keys.</summary>
    public string KeyOf(string key) => $"{name}/{key}";

    /// <summary>Gets the range of all keys of the workload.</summary>
    public KeyRange Keys => _keys;

    /// <summary>Gets what was asked and told so far.</summary>
    public IReadOnlyList<Call<StoreInput, TransactionResult>> Calls => _history.Calls;

    /// <summary>Gets the newest revision that anybody was told of.</summary>
    public Revision Newest { get; private set; } = Revision.First;

    /// <summary>Asks the store for something.</summary>
    /// <returns>The answer; null if there is none, whatever that means.</returns>
    public async Task<TransactionResult?> DoAsync(Actor actor, StoreInput input)
    {
        _twin = actor.Twin;
        int call = _history.Begin(actor.Number, actor.Now, input);
        TransactionResult? result = null;
        try
        {
            result = await CallAsync(actor.Store, input).ConfigureAwait(false);
            _history.Answer(call, actor.Now, result);
            Newest = result.Revision > Newest ? result.Revision : Newest;
        }
        catch (CoordException exception)
        {
            if (exception.Outcome is Outcome.DidNotHappen)
                _history.Fail(call, actor.Now);
            CheckRefusal(input, exception);
        }

        if (actor.World.Trace.IsRead)
            actor.Trace(Text(_history.Calls[call]));
        actor.World.Trace.Mix(actor.Now, result?.Revision.Value ?? 0, call);
        return result;
    }

    /// <summary>Asks for something that must succeed, because all faults are healed.</summary>
    public async Task<TransactionResult> MustDoAsync(Actor actor, StoreInput input) =>
        await DoAsync(actor, input).ConfigureAwait(false)
        ?? throw new SimulationFailedException("no service", $"After healing: {Text(_history.Calls[^1])}");

    /// <summary>Checks all that was noted; changes of the workload's keys must have been made by its actors.</summary>
    public Findings Check(Func<Change, bool>? isForeign = null)
    {
        Findings findings = new();
        findings.AddRange(_refusals);
        if (_twin is not { } twin)
            return findings;

        findings.AddRange(RevisionRules.Check(twin.Log.Changes));
        findings.AddRange(RevisionChecker.Check(
            twin.Log, _history.Calls, change => !IsOwn(change) || (isForeign?.Invoke(change) ?? false)));
        return findings;
    }

    private bool IsOwn(Change change) => _keys.Contains(change.Events[0].KeyValue.Key.Span);

    private static async Task<TransactionResult> CallAsync(IKeyValueStore store, StoreInput input) =>
        input.Transaction switch
        {
            { Conditions.Count: 0, Success: [PutOperation put] } => StoreInput.Answer(
                await store.PutAsync(put.Key, put.Value, put.Options).ConfigureAwait(false)),
            { Conditions.Count: 0, Success: [GetOperation get] } => StoreInput.Answer(
                await store.GetAsync(get.Range, get.Options).ConfigureAwait(false)),
            { Conditions.Count: 0, Success: [DeleteOperation delete] } => StoreInput.Answer(
                await store.DeleteAsync(delete.Range, delete.Options).ConfigureAwait(false)),
            _ => await store.CommitAsync(input.Transaction).ConfigureAwait(false),
        };

    /// <summary>A refusal that names a reason must have it.</summary>
    private void CheckRefusal(StoreInput input, CoordException exception)
    {
        StoreTwin twin = _twin!;
        switch (exception)
        {
            case CompactedException compacted:
                _refusals.Require(
                    compacted.OldestRevision <= twin.Compacted,
                    $"{input} is refused by {exception.Message}, and nobody compacted beyond {twin.Compacted}.");
                break;
            case LeaseNotFoundException or KeyMissingException or FutureRevisionException or NotLeaderException:
            case ProposalDroppedException or OutcomeUnknownException or NodeStoppedException or CoordTimeoutException:
            case SpaceExceededException:
                break;
            default:
                _refusals.Add($"{input} is refused by {exception.GetType().Name}: {exception.Message}");
                break;
        }
    }

    private static string Text(Call<StoreInput, TransactionResult> call) => call.IsKnown
        ? $"{call.Input} -> {StoreText.Of(call.Output!)}"
        : $"{call.Input} -> {call.Outcome}";
}
