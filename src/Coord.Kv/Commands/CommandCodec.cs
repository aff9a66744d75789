using System.Buffers;
using MessagePack;

namespace Coord.Kv.Commands;

/// <summary>Writes and reads commands: MessagePack arrays with a leading version. See FORMAT.md.</summary>
internal static class CommandCodec
{
    public const int Version = 1;

    public static void Write(IBufferWriter<byte> destination, in Command command)
    {
        MessagePackWriter writer = new(destination);
        writer.WriteArrayHeader(command.Kind is CommandKind.Compact ? 3 : 7);
        writer.Write(Version);
        writer.Write((byte)command.Kind);
        if (command.Kind is CommandKind.Compact)
        {
            writer.Write(command.Revision);
        }
        else
        {
            writer.Write(command.Key.Span);
            writer.Write(command.Value.Span);
            writer.Write(command.ReturnPrevious);
            writer.Write(command.Policy.QuotaBytes);
            writer.Write(command.Policy.RetainedRevisions);
        }

        writer.Flush();
    }

    /// <summary>Reads a command.</summary>
    /// <param name="bytes">The bytes; the command borrows from them.</param>
    /// <param name="command">The command.</param>
    /// <returns>False if the bytes are no command: every member refuses it alike.</returns>
    /// <exception cref="InvalidDataException">
    /// The version is unknown: a newer member wrote it and has applied it, so that refusing it here would diverge.
    /// </exception>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, out Command command)
    {
        command = default;
        try
        {
            MessagePackReader reader = new(bytes);
            int fields = reader.ReadArrayHeader();
            int version = fields < 1 ? 0 : reader.ReadInt32();
            if (version > Version)
            {
                throw new InvalidDataException(
                    $"A command has version {version}; this member knows {Version}. Upgrade it.");
            }

            return version == Version && fields >= 2 && TryReadFields(ref reader, fields, out command) && reader.End;
        }
        catch (Exception e) when (MessagePackErrors.AreOf(e))
        {
            return false;
        }
    }

    private static bool TryReadFields(ref MessagePackReader reader, int fields, out Command command)
    {
        command = default;
        CommandKind kind = (CommandKind)reader.ReadByte();
        switch (kind)
        {
            case CommandKind.Compact when fields == 3:
                command = Command.Compact(reader.ReadInt64());
                return true;

            case CommandKind.Put or CommandKind.Delete when fields == 7:
                ReadOnlyMemory<byte> key = ReadBytes(ref reader);
                ReadOnlyMemory<byte> value = ReadBytes(ref reader);
                bool returnPrevious = reader.ReadBoolean();
                WritePolicy policy = new(reader.ReadInt64(), reader.ReadInt64());
                command = new(kind, key, value, returnPrevious, policy, Revision: 0);
                return !key.IsEmpty && policy.QuotaBytes >= 0 && policy.RetainedRevisions >= 0;

            default:
                return false;
        }
    }

    private static ReadOnlyMemory<byte> ReadBytes(ref MessagePackReader reader) =>
        reader.ReadBytes() is { } bytes ? bytes.First : throw new MessagePackSerializationException("Bytes are nil.");
}
