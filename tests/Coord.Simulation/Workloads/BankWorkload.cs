using System.Globalization;
using Coord.Kv;
using Coord.Raft;
using Coord.Simulation.Checking;
using Coord.Simulation.Invariants;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>
/// Accounts between which money is moved by transactions, and audits of all of them: what there is in all never
/// changes, at no revision. An empty account is deleted. History is compacted in the middle of it.
/// </summary>
internal sealed class BankWorkload(Chance chance) : IWorkload
{
    private const int Money = 1000;

    private readonly StoreHistory _history = new("bank");
    private readonly int _accounts = (int)chance.Fork("accounts").LogUniform(2, 16);
    private readonly bool _compacts = chance.Fork("compacts").Next(2) == 0;
    private StoreTwin? _twin;

    /// <inheritdoc/>
    public async Task RunAsync(Actor actor)
    {
        _twin = actor.Twin;
        while (!actor.IsOver)
        {
            switch (actor.Chance.Next(10))
            {
                case < 6:
                    await TransferAsync(actor).ConfigureAwait(false);
                    break;
                case 6 when _compacts && actor.Chance.Next(4) == 0:
                    await CompactAsync(actor).ConfigureAwait(false);
                    break;
                default:
                    await _history.DoAsync(actor, DrawAudit(actor.Chance)).ConfigureAwait(false);
                    break;
            }

            await actor.ThinkAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task FinishAsync(Actor actor)
    {
        await _history.MustDoAsync(actor, StoreInput.Get(_history.Keys)).ConfigureAwait(false);
        await _history.MustDoAsync(actor, Open()).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Check()
    {
        Findings findings = _history.Check();
        foreach (Change change in _twin?.Log.Changes ?? [])
        {
            List<KeyValue> accounts = _twin!.Log.Read(_history.Keys, change.Revision);
            int sum = accounts.Sum(Balance);
            findings.Require(sum == Money || accounts.Count == 0, $"At {change.Revision} there is {sum} in all.");
        }

        return findings;
    }

    private async Task TransferAsync(Actor actor)
    {
        // A stale view does no harm: the transaction compares.
        GetOptions options = new() { Serializable = actor.Chance.Next(3) == 0 };
        TransactionResult? seen =
            await _history.DoAsync(actor, StoreInput.Get(_history.Keys, options)).ConfigureAwait(false);
        if (seen is null)
            return;

        IReadOnlyList<KeyValue> accounts = seen.Results[0].Get!.KeyValues;
        if (accounts.Count == 0)
        {
            await _history.DoAsync(actor, Open()).ConfigureAwait(false);
            return;
        }

        KeyValue from = actor.Chance.Of(accounts);
        string to = _history.KeyOf($"{actor.Chance.Next(_accounts):d2}");
        if (to == from.KeyString)
            return;

        int amount = actor.Chance.Next(3) == 0 ? Balance(from) : 1 + actor.Chance.Next(Balance(from));
        KeyValue? target = accounts.FirstOrDefault(account => account.KeyString == to);
        Transaction transfer = Transfer(from, to, target, amount, actor.Chance);
        await _history.DoAsync(actor, new(transfer)).ConfigureAwait(false);
    }

    private Transaction Transfer(KeyValue from, string to, KeyValue? target, int amount, Chance chance)
    {
        KeyRange fromKey = new(from.Key);
        KeyRange toKey = KeyRange.Single(to);
        Operation take = amount == Balance(from)
            ? Operation.Delete(fromKey, new() { ReturnPrevious = true })
            : Operation.Put(from.Key, Value(Balance(from) - amount), new() { ReturnPrevious = chance.Next(2) == 0 });
        int sum = (target is null ? 0 : Balance(target)) + amount;
        Operation give = Operation.Put(toKey.Key, Value(sum), new() { ReturnPrevious = true });
        Comparison hasFrom = Comparison.OfModRevision(fromKey, ComparisonOperator.Equal, from.ModRevision);
        Operation audit = Operation.Get(_history.Keys);
        if (target is null)
            return Transaction.If(hasFrom, Comparison.Missing(toKey)).Then(audit, take, give, audit).Else(audit);

        Comparison hasTo = Comparison.OfModRevision(toKey, ComparisonOperator.Less, target.ModRevision.Next);
        if (chance.Next(2) == 0)
            return Transaction.If(hasFrom, Comparison.Exists(toKey), hasTo).Then(take, audit, give).Else(audit);

        // The version alone does not tell an account from one that was opened anew under its name.
        Comparison isSame = Comparison.OfCreateRevision(toKey, ComparisonOperator.Equal, target.CreateRevision);
        Comparison isUnchanged = Comparison.OfVersion(toKey, ComparisonOperator.Equal, target.Version);
        return Transaction.If(hasFrom).Then(Operation.Nested(
            Transaction.If(isSame, isUnchanged).Then(take, audit, give).Else(audit)));
    }

    /// <summary>Puts all the money into one account, unless there are accounts.</summary>
    private StoreInput Open() => new(Transaction
        .If(Comparison.OfVersion(_history.Keys, ComparisonOperator.Equal, 0))
        .Then(Operation.Put(ChangeLog.BytesOf(_history.KeyOf("00")), Value(Money)))
        .Else(Operation.Get(_history.Keys, new() { CountOnly = true })));

    private StoreInput DrawAudit(Chance chance) => StoreInput.Get(_history.Keys, new()
    {
        Serializable = chance.Next(3) == 0,
        Revision = chance.Next(3) == 0 ? new(chance.Between(1, _history.Newest.Value)) : default,
        Limit = chance.Next(4) == 0 ? chance.Between(1, _accounts) : 0,
        CountOnly = chance.Next(8) == 0,
        KeysOnly = chance.Next(8) == 0,
        SortOrder = chance.Next(4) == 0 ? SortOrder.Descending : SortOrder.None,
        MinModRevision = chance.Next(8) == 0 ? new(chance.Between(1, _history.Newest.Value)) : default,
        MaxCreateRevision = chance.Next(8) == 0 ? new(chance.Between(1, _history.Newest.Value)) : default,
    });

    private async Task CompactAsync(Actor actor)
    {
        try
        {
            Revision revision = new(actor.Chance.Between(1, _history.Newest.Value + 2));
            CompactOptions options = new() { WaitForRemoval = actor.Chance.Next(2) == 0 };
            await actor.Store.CompactAsync(revision, options).ConfigureAwait(false);
            actor.Trace($"compacted to {revision}");
        }
        catch (CoordException)
        {
            // It has been compacted already, or is not there yet, or nobody answered.
        }
    }

    private static int Balance(KeyValue account) => int.Parse(account.ValueString, CultureInfo.InvariantCulture);

    private static byte[] Value(int balance) => ChangeLog.BytesOf(balance.ToString(CultureInfo.InvariantCulture));
}
