using System.Buffers;
using System.Runtime.InteropServices;
using Coord.Kv.Mvcc.Native;
using MessagePack;

namespace Coord.Kv.Commands;

/// <summary>
/// Writes and reads results: MessagePack arrays with a leading version. No bytes at all mean "done", the usual case.
/// </summary>
internal static class ResultCodec
{
    public const int Version = 2;

    private const int Fields = 4;
    private const int FieldsOfVersion = 6;

    public static void Write(
        IBufferWriter<byte> destination, CommandStatus status, long number, ReadOnlySpan<KeyVersion> previous)
    {
        MessagePackWriter writer = new(destination);
        WriteHead(ref writer, status, number);
        WriteVersions(ref writer, previous);
        writer.Flush();
    }

    public static void WriteNumbers(IBufferWriter<byte> destination, List<long> numbers)
    {
        MessagePackWriter writer = new(destination);
        WriteHead(ref writer, CommandStatus.Done, 0);
        writer.WriteArrayHeader(numbers.Count);
        foreach (long number in CollectionsMarshal.AsSpan(numbers))
            writer.Write(number);
        writer.Flush();
    }

    /// <summary>Begins a result; one value has to follow.</summary>
    public static void WriteHead(ref MessagePackWriter writer, CommandStatus status, long number)
    {
        writer.WriteArrayHeader(Fields);
        writer.Write(Version);
        writer.Write((byte)status);
        writer.Write(number);
    }

    public static void WriteVersions(ref MessagePackWriter writer, scoped ReadOnlySpan<KeyVersion> versions)
    {
        writer.WriteArrayHeader(versions.Length);
        foreach (KeyVersion version in versions)
        {
            writer.WriteArrayHeader(FieldsOfVersion);
            writer.Write(version.Key);
            writer.Write(version.Value);
            writer.Write(version.CreateRevision);
            writer.Write(version.Stamp.Revision);
            writer.Write(version.Version);
            writer.Write(version.Lease);
        }
    }

    public static void WriteVersions(ref MessagePackWriter writer, IReadOnlyList<KeyValue> versions)
    {
        writer.WriteArrayHeader(versions.Count);
        foreach (KeyValue version in versions)
        {
            writer.WriteArrayHeader(FieldsOfVersion);
            writer.Write(version.Key.Span);
            writer.Write(version.Value.Span);
            writer.Write(version.CreateRevision.Value);
            writer.Write(version.ModRevision.Value);
            writer.Write(version.Version);
            writer.Write(version.Lease.Value);
        }
    }

    /// <exception cref="InvalidDataException">The bytes are no result.</exception>
    public static CommandResult Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
            return new(CommandStatus.Done, 0, default);

        return Decode(bytes, (ref MessagePackReader reader) =>
        {
            if (reader.ReadArrayHeader() != Fields || reader.ReadInt32() != Version)
                throw new InvalidDataException("The bytes are no result of a version known here.");

            CommandStatus status = (CommandStatus)reader.ReadByte();
            long number = reader.ReadInt64();
            return new CommandResult(status, number, bytes[(int)reader.Consumed..]);
        });
    }

    /// <summary>Reads the body of a put's or deletion's result.</summary>
    /// <exception cref="InvalidDataException">The bytes are no result.</exception>
    public static IReadOnlyList<KeyValue> ReadVersions(ReadOnlyMemory<byte> body) =>
        body.IsEmpty ? [] : Decode(body, ReadVersions);

    /// <summary>Reads the body of a result that is a list of numbers.</summary>
    /// <exception cref="InvalidDataException">The bytes are no result.</exception>
    public static long[] ReadNumbers(ReadOnlyMemory<byte> body) => Decode(body, (ref MessagePackReader reader) =>
    {
        long[] numbers = new long[reader.ReadArrayHeader()];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = reader.ReadInt64();
        return numbers;
    });

    /// <summary>Reads the body of a transaction's result.</summary>
    /// <exception cref="InvalidDataException">The bytes are no result.</exception>
    public static OperationResult[] ReadOperations(ReadOnlyMemory<byte> body) => Decode(body, ReadOperations);

    private static T Decode<T>(ReadOnlyMemory<byte> bytes, Decoder<T> decode)
    {
        try
        {
            MessagePackReader reader = new(bytes);
            return decode(ref reader);
        }
        catch (Exception e) when (MessagePackErrors.AreOf(e))
        {
            throw new InvalidDataException("The bytes are no result.", e);
        }
    }

    private static KeyValue[] ReadVersions(ref MessagePackReader reader)
    {
        int count = reader.ReadArrayHeader();
        if (count == 0)
            return [];

        // The header has been checked against the bytes that follow, so that a lie cannot allocate much.
        KeyValue[] versions = new KeyValue[count];
        for (int i = 0; i < count; i++)
        {
            if (reader.ReadArrayHeader() != FieldsOfVersion)
                throw new InvalidDataException("A version in the result has another number of fields.");
            ReadOnlySequence<byte> key = reader.ReadBytes() ?? default;
            ReadOnlySequence<byte> value = reader.ReadBytes() ?? default;
            versions[i] = new(
                key.First,
                value.First,
                new(reader.ReadInt64()),
                new(reader.ReadInt64()),
                reader.ReadInt64(),
                new(reader.ReadInt64()));
        }

        return versions;
    }

    private static OperationResult[] ReadOperations(ref MessagePackReader reader)
    {
        OperationResult[] results = new OperationResult[reader.ReadArrayHeader()];
        for (int i = 0; i < results.Length; i++)
        {
            int fields = reader.ReadArrayHeader();
            OperationKind kind = (OperationKind)reader.ReadByte();
            Revision revision = new(reader.ReadInt64());
            results[i] = (kind, fields) switch
            {
                (OperationKind.Put, 3) => new(Put: ReadPut(ref reader, revision)),
                (OperationKind.Get, 5) => new(Get: ReadGet(ref reader, revision)),
                (OperationKind.Delete, 4) => new(
                    Delete: new(revision, reader.ReadInt64(), ReadVersions(ref reader))),
                (OperationKind.Nested, 4) => new(
                    Nested: new(revision, reader.ReadBoolean(), ReadOperations(ref reader))),
                _ => throw new InvalidDataException("A part of the result has no such kind."),
            };
        }

        return results;
    }

    private static PutResult ReadPut(ref MessagePackReader reader, Revision revision) =>
        new(revision, ReadVersions(ref reader) is [KeyValue previous, ..] ? previous : null);

    private static GetResult ReadGet(ref MessagePackReader reader, Revision revision)
    {
        long count = reader.ReadInt64();
        bool more = reader.ReadBoolean();
        return new(revision, ReadVersions(ref reader), count, more);
    }

    private delegate T Decoder<T>(ref MessagePackReader reader);
}
