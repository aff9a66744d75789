using Coord.Kv.Commands;

namespace Coord.Kv;

/// <summary>
/// If all conditions hold then some operations, else others; all of it at one revision, or nothing. Immutable.
/// </summary>
/// <example><code>
/// Transaction.If(Comparison.Missing("lock"u8)).Then(Operation.Put(key, value)).Else(Operation.Get("lock"u8))
/// </code></example>
public sealed record Transaction
{
    /// <summary>Gets the conditions; all must hold. None hold always.</summary>
    public IReadOnlyList<Comparison> Conditions { get; init; } = [];

    /// <summary>Gets what is done if all conditions hold, in order.</summary>
    public IReadOnlyList<Operation> Success { get; init; } = [];

    /// <summary>Gets what is done else, in order.</summary>
    public IReadOnlyList<Operation> Failure { get; init; } = [];

    /// <summary>Begins a transaction with conditions.</summary>
    /// <param name="conditions">All must hold.</param>
    public static Transaction If(params IReadOnlyList<Comparison> conditions) => new() { Conditions = conditions };

    /// <summary>Begins a transaction without conditions.</summary>
    /// <param name="operations">What is done, in order.</param>
    public static Transaction Of(params IReadOnlyList<Operation> operations) => new() { Success = operations };

    /// <summary>Finds a key that would be put twice, or put and deleted, in one course of the transaction.</summary>
    /// <param name="key">The key, if there is one.</param>
    /// <returns>True if there is one: no store commits the transaction then.</returns>
    /// <remarks>
    /// Of an inner transaction only one list is done: a key may be in both. Deletions may overlap each other.
    /// </remarks>
    /// <exception cref="ArgumentException">Transactions are nested more than 128 deep.</exception>
    public bool TryFindConflict(out ReadOnlyMemory<byte> key) => TransactionChecker.TryFindConflict(this, out key);

    /// <summary>Says what is done if all conditions hold.</summary>
    /// <param name="operations">The operations, in order.</param>
    public Transaction Then(params IReadOnlyList<Operation> operations) => this with { Success = operations };

    /// <summary>Says what is done if a condition does not hold.</summary>
    /// <param name="operations">The operations, in order.</param>
    public Transaction Else(params IReadOnlyList<Operation> operations) => this with { Failure = operations };
}
