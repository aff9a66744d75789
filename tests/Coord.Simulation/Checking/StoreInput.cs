using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>What is asked of the store. Everything is a transaction: a put, for example, one of a single put.</summary>
/// <param name="Transaction">What is done.</param>
/// <param name="IsSerializable">Whether any member may answer from what it has.</param>
internal sealed record StoreInput(Transaction Transaction, bool IsSerializable = false)
{
    /// <summary>Gets a value indicating whether it can change anything.</summary>
    public bool CanWrite => Writes(Transaction);

    public static StoreInput Put(string key, string value, PutOptions? options = null) =>
        new(Transaction.Of(Operation.Put(Bytes(key), Bytes(value), options)));

    public static StoreInput Get(KeyRange range, GetOptions? options = null) =>
        new(Transaction.Of(Operation.Get(range, options)), options?.Serializable ?? false);

    public static StoreInput Delete(KeyRange range, DeleteOptions? options = null) =>
        new(Transaction.Of(Operation.Delete(range, options)));

    /// <summary>Makes a put's answer that of a transaction.</summary>
    public static TransactionResult Answer(PutResult result) => new(result.Revision, true, [new(Put: result)]);

    /// <inheritdoc cref="Answer(PutResult)"/>
    public static TransactionResult Answer(GetResult result) => new(result.Revision, true, [new(Get: result)]);

    /// <inheritdoc cref="Answer(PutResult)"/>
    public static TransactionResult Answer(DeleteResult result) => new(result.Revision, true, [new(Delete: result)]);

    public override string ToString() => StoreText.Of(Transaction) + (IsSerializable ? " (serializable)" : "");

    private static bool Writes(Transaction transaction) =>
        transaction.Success.Concat(transaction.Failure).Any(operation => operation switch
        {
            GetOperation => false,
            NestedOperation nested => Writes(nested.Transaction),
            _ => true,
        });

    private static byte[] Bytes(string text) => ChangeLog.BytesOf(text);
}
