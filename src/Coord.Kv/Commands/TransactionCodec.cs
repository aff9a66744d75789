using MessagePack;

namespace Coord.Kv.Commands;

/// <summary>Writes and reads transactions. See FORMAT.md.</summary>
internal static class TransactionCodec
{
    /// <summary>How deep transactions may lie within each other: what the stack bears anywhere.</summary>
    public const int MaxDepth = 128;

    private const byte KeysOnly = 1;
    private const byte CountOnly = 2;
    private const int ShortGetFields = 6;
    private const int LongGetFields = 12;

    public static void Write(ref MessagePackWriter writer, Transaction transaction)
    {
        writer.WriteArrayHeader(3);
        writer.WriteArrayHeader(transaction.Conditions.Count);
        foreach (Comparison condition in transaction.Conditions)
            Write(ref writer, condition);
        Write(ref writer, transaction.Success);
        Write(ref writer, transaction.Failure);
    }

    public static Comparison ReadCondition(ref MessagePackReader reader)
    {
        Require(reader.ReadArrayHeader() == 5);
        ReadOnlyMemory<byte> key = CommandCodec.ReadBytes(ref reader);
        ReadOnlyMemory<byte> end = CommandCodec.ReadBytes(ref reader);
        Require(!key.IsEmpty);
        ComparisonTarget target = (ComparisonTarget)reader.ReadByte();
        ComparisonOperator comparison = (ComparisonOperator)reader.ReadByte();
        Require(target <= ComparisonTarget.Lease);
        Require(comparison <= ComparisonOperator.NotEqual);
        return target is ComparisonTarget.Value
            ? new(new(key, end), target, comparison, 0, CommandCodec.ReadBytes(ref reader))
            : new(new(key, end), target, comparison, reader.ReadInt64(), default);
    }

    /// <summary>Reads an operation up to an inner transaction, which the caller reads.</summary>
    public static OperationStep ReadOperation(ref MessagePackReader reader)
    {
        int fields = reader.ReadArrayHeader();
        OperationKind kind = (OperationKind)reader.ReadByte();
        if (kind is OperationKind.Nested && fields == 2)
            return new() { Kind = kind };

        Require(fields is 4 or 5 or ShortGetFields or LongGetFields);
        ReadOnlyMemory<byte> key = CommandCodec.ReadBytes(ref reader);
        ReadOnlyMemory<byte> value = CommandCodec.ReadBytes(ref reader);
        Require(!key.IsEmpty);
        switch (kind)
        {
            case OperationKind.Put when fields == 5:
                PutFlags flags = (PutFlags)reader.ReadByte();
                Require(flags <= PutFlags.All);
                return new() { Kind = kind, Key = key, Value = value, Flags = flags, Lease = reader.ReadInt64() };
            case OperationKind.Delete when fields == 4:
                PutFlags previous = (PutFlags)reader.ReadByte();
                Require(previous <= PutFlags.ReturnPrevious);
                return new() { Kind = kind, Key = key, Value = value, Flags = previous };
            case OperationKind.Get when fields is ShortGetFields or LongGetFields:
                GetOptions options = ReadGetOptions(ref reader, fields);
                return new() { Kind = kind, Key = key, Value = value, Get = options };
            default:
                throw new MessagePackSerializationException("An operation has no such kind.");
        }
    }

    public static void Require(bool condition)
    {
        if (!condition)
            throw new MessagePackSerializationException("The transaction is not what it should be.");
    }

    private static void Write(ref MessagePackWriter writer, Comparison condition)
    {
        writer.WriteArrayHeader(5);
        writer.Write(condition.Range.Key.Span);
        writer.Write(condition.Range.RangeEnd.Span);
        writer.Write((byte)condition.Target);
        writer.Write((byte)condition.Operator);
        if (condition.Target is ComparisonTarget.Value)
            writer.Write(condition.Value.Span);
        else
            writer.Write(condition.Number);
    }

    private static void Write(ref MessagePackWriter writer, IReadOnlyList<Operation> operations)
    {
        writer.WriteArrayHeader(operations.Count);
        foreach (Operation operation in operations)
        {
            switch (operation)
            {
                case PutOperation put:
                    WriteHead(ref writer, 5, OperationKind.Put, put.Key, put.Value);
                    writer.Write((byte)FlagsOf(put.Options));
                    writer.Write(put.Options?.Lease.Value ?? 0);
                    break;
                case GetOperation get:
                    Write(ref writer, get);
                    break;
                case DeleteOperation delete:
                    WriteHead(ref writer, 4, OperationKind.Delete, delete.Range.Key, delete.Range.RangeEnd);
                    writer.Write(delete.Options?.ReturnPrevious == true ? (byte)PutFlags.ReturnPrevious : (byte)0);
                    break;
                case NestedOperation nested:
                    writer.WriteArrayHeader(2);
                    writer.Write((byte)OperationKind.Nested);
                    Write(ref writer, nested.Transaction);
                    break;
            }
        }
    }

    public static PutFlags FlagsOf(PutOptions? options) =>
        options is null ? PutFlags.None
        : (options.ReturnPrevious ? PutFlags.ReturnPrevious : PutFlags.None)
            | (options.KeepValue ? PutFlags.KeepValue : PutFlags.None)
            | (options.KeepLease ? PutFlags.KeepLease : PutFlags.None);

    private static void Write(ref MessagePackWriter writer, GetOperation get)
    {
        GetOptions options = get.Options ?? new();
        bool isPlain = options.SortBy is SortTarget.Key && options.SortOrder is SortOrder.None
            && options.MinModRevision.IsZero && options.MaxModRevision.IsZero
            && options.MinCreateRevision.IsZero && options.MaxCreateRevision.IsZero;
        int fields = isPlain ? ShortGetFields : LongGetFields;
        WriteHead(ref writer, fields, OperationKind.Get, get.Range.Key, get.Range.RangeEnd);
        writer.Write(options.Revision.Value);
        writer.Write(options.Limit);
        writer.Write((byte)((options.KeysOnly ? KeysOnly : 0) | (options.CountOnly ? CountOnly : 0)));
        if (isPlain)
            return;

        writer.Write((byte)options.SortBy);
        writer.Write((byte)options.SortOrder);
        writer.Write(options.MinModRevision.Value);
        writer.Write(options.MaxModRevision.Value);
        writer.Write(options.MinCreateRevision.Value);
        writer.Write(options.MaxCreateRevision.Value);
    }

    private static GetOptions ReadGetOptions(ref MessagePackReader reader, int fields)
    {
        long revision = reader.ReadInt64();
        long limit = reader.ReadInt64();
        byte flags = reader.ReadByte();
        GetOptions options = new()
        {
            Revision = new(revision),
            Limit = limit,
            KeysOnly = (flags & KeysOnly) != 0,
            CountOnly = (flags & CountOnly) != 0,
        };
        Require(limit >= 0);
        if (fields == ShortGetFields)
            return options;

        SortTarget target = (SortTarget)reader.ReadByte();
        SortOrder order = (SortOrder)reader.ReadByte();
        Require(target <= SortTarget.Value);
        Require(order <= SortOrder.Descending);
        return options with
        {
            SortBy = target,
            SortOrder = order,
            MinModRevision = new(reader.ReadInt64()),
            MaxModRevision = new(reader.ReadInt64()),
            MinCreateRevision = new(reader.ReadInt64()),
            MaxCreateRevision = new(reader.ReadInt64()),
        };
    }

    private static void WriteHead(
        ref MessagePackWriter writer,
        int fields,
        OperationKind kind,
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value)
    {
        writer.WriteArrayHeader(fields);
        writer.Write((byte)kind);
        writer.Write(key.Span);
        writer.Write(value.Span);
    }
}
