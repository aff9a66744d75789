using System.Runtime.InteropServices;
using MessagePack;

namespace Coord.Kv.Commands;

/// <summary>A transaction from the log, laid out flat; used again for the next one. Owned by who applies.</summary>
/// <remarks>
/// Transaction 0 is the outermost. The conditions of a transaction, and the operations of each of its lists, lie next
/// to each other. The memory is borrowed from the command.
/// </remarks>
internal sealed class TransactionProgram
{
    private readonly List<TransactionStep> _transactions = [];
    private readonly List<Comparison> _conditions = [];
    private readonly List<OperationStep> _operations = [];
    private int _maxOperations;

    public ref TransactionStep this[int transaction] => ref CollectionsMarshal.AsSpan(_transactions)[transaction];

    /// <summary>Gets a value indicating whether any list, taken or not, puts a key.</summary>
    public bool Puts { get; private set; }

    public ReadOnlySpan<Comparison> ConditionsOf(in TransactionStep transaction) =>
        CollectionsMarshal.AsSpan(_conditions).Slice(transaction.FirstCondition, transaction.Conditions);

    /// <summary>Gets the operations that a transaction does, once it is known whether its conditions hold.</summary>
    public ReadOnlySpan<OperationStep> TakenOf(in TransactionStep transaction) =>
        CollectionsMarshal.AsSpan(_operations).Slice(transaction.FirstTaken, transaction.Taken);

    /// <summary>Reads a transaction from a command's body.</summary>
    /// <returns>False if it is none: every member refuses it alike.</returns>
    public bool TryRead(ReadOnlyMemory<byte> body)
    {
        Clear();
        try
        {
            // None takes less than a byte. So headers that lie cannot allocate much, however they are nested.
            _maxOperations = body.Length;
            MessagePackReader reader = new(body);
            ReadTransaction(ref reader, depth: 1);
            return reader.End;
        }
        catch (Exception e) when (MessagePackErrors.AreOf(e))
        {
            return false;
        }
    }

    /// <summary>Lets go of what was borrowed.</summary>
    public void Clear()
    {
        _transactions.Clear();
        _conditions.Clear();
        _operations.Clear();
        Puts = false;
    }

    private int ReadTransaction(ref MessagePackReader reader, int depth)
    {
        TransactionCodec.Require(depth <= TransactionCodec.MaxDepth);
        TransactionCodec.Require(reader.ReadArrayHeader() == 3);
        int index = _transactions.Count;
        _transactions.Add(default);

        TransactionStep step = new()
        {
            FirstCondition = _conditions.Count,
            Conditions = reader.ReadArrayHeader(),
        };
        for (int i = 0; i < step.Conditions; i++)
            _conditions.Add(TransactionCodec.ReadCondition(ref reader));

        (step.FirstSuccess, step.Successes) = ReadOperations(ref reader, depth);
        (step.FirstFailure, step.Failures) = ReadOperations(ref reader, depth);
        _transactions[index] = step;
        return index;
    }

    private (int First, int Count) ReadOperations(ref MessagePackReader reader, int depth)
    {
        // The places are taken first: what inner transactions do comes behind, and the list stays in one piece.
        int count = reader.ReadArrayHeader();
        int first = _operations.Count;
        TransactionCodec.Require(count <= _maxOperations - first);
        CollectionsMarshal.SetCount(_operations, first + count);
        CollectionsMarshal.AsSpan(_operations)[first..].Clear();
        for (int i = 0; i < count; i++)
        {
            OperationStep step = TransactionCodec.ReadOperation(ref reader);
            if (step.Kind is OperationKind.Nested)
                step = step with { Nested = ReadTransaction(ref reader, depth + 1) };
            Puts |= step.Kind is OperationKind.Put;
            _operations[first + i] = step;
        }

        return (first, count);
    }
}
