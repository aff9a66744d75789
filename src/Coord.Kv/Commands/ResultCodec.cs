using System.Buffers;
using Coord.Kv.Mvcc.Native;
using MessagePack;

namespace Coord.Kv.Commands;

/// <summary>
/// Writes and reads results: MessagePack arrays with a leading version. No bytes at all mean "done", the usual case.
/// </summary>
internal static class ResultCodec
{
    public const int Version = 1;

    private const int FieldsOfVersion = 5;

    public static void Write(
        IBufferWriter<byte> destination, CommandStatus status, long number, ReadOnlySpan<KeyVersion> previous)
    {
        MessagePackWriter writer = new(destination);
        writer.WriteArrayHeader(4);
        writer.Write(Version);
        writer.Write((byte)status);
        writer.Write(number);
        writer.WriteArrayHeader(previous.Length);
        foreach (KeyVersion version in previous)
        {
            writer.WriteArrayHeader(FieldsOfVersion);
            writer.Write(version.Key);
            writer.Write(version.Value);
            writer.Write(version.CreateRevision);
            writer.Write(version.Stamp.Revision);
            writer.Write(version.Version);
        }

        writer.Flush();
    }

    /// <exception cref="InvalidDataException">The bytes are no result.</exception>
    public static CommandResult Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
            return new(CommandStatus.Done, 0, []);

        try
        {
            MessagePackReader reader = new(bytes);
            if (reader.ReadArrayHeader() != 4 || reader.ReadInt32() != Version)
                throw new InvalidDataException("The bytes are no result of a version known here.");

            CommandStatus status = (CommandStatus)reader.ReadByte();
            long number = reader.ReadInt64();
            return new(status, number, ReadVersions(ref reader));
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
                key.First, value.First, new(reader.ReadInt64()), new(reader.ReadInt64()), reader.ReadInt64());
        }

        return versions;
    }
}
