namespace Coord.Kv;

/// <summary>
/// One step of a transaction: <see cref="PutOperation"/>, <see cref="GetOperation"/>, <see cref="DeleteOperation"/> or
/// <see cref="NestedOperation"/>. Immutable.
/// </summary>
public abstract record Operation
{
    private protected Operation()
    {
    }

    /// <summary>Puts a key. A transaction can put a key once on each path.</summary>
    /// <param name="key">The key; not empty. Not to be changed before the transaction ends.</param>
    /// <param name="value">The value. Not to be changed before the transaction ends.</param>
    /// <param name="options">The lease, and what to return.</param>
    public static PutOperation Put(
        ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, PutOptions? options = null) => new(key, value, options);

    /// <summary>Reads a range; it sees what the steps before it wrote.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">At which revision, and how many.</param>
    public static GetOperation Get(KeyRange range, GetOptions? options = null) => new(range, options);

    /// <summary>Deletes a range.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">What to return besides the count.</param>
    public static DeleteOperation Delete(KeyRange range, DeleteOptions? options = null) => new(range, options);

    /// <summary>Runs a transaction within this one; its conditions look at the state before the whole.</summary>
    /// <param name="transaction">The inner transaction.</param>
    public static NestedOperation Nested(Transaction transaction) => new(transaction);
}
