using System.Buffers;
using System.Runtime.InteropServices;
using Coord.Kv.Leases;
using MessagePack;

namespace Coord.Kv.Commands;

/// <summary>Writes and reads commands: MessagePack arrays with a leading version. See FORMAT.md.</summary>
internal static class CommandCodec
{
    public const int Version = 2;

    public static void Write(IBufferWriter<byte> destination, in Command command)
    {
        MessagePackWriter writer = new(destination);
        switch (command.Kind)
        {
            case CommandKind.Put:
                WriteHead(ref writer, 9, command.Kind, command.Policy);
                writer.Write(command.Key.Span);
                writer.Write(command.Value.Span);
                writer.Write((byte)command.Flags);
                writer.Write(command.Lease);
                break;
            case CommandKind.Delete:
                WriteHead(ref writer, 8, command.Kind, command.Policy);
                writer.Write(command.Key.Span);
                writer.Write(command.Value.Span);
                writer.Write((byte)command.Flags);
                break;
            case CommandKind.GrantLease:
                WriteHead(ref writer, 7, command.Kind, command.Policy);
                writer.Write(command.Lease);
                writer.Write(command.Number);
                break;
            case CommandKind.RevokeLease:
                WriteHead(ref writer, 6, command.Kind, command.Policy);
                writer.Write(command.Lease);
                break;
            case CommandKind.Compact:
                WriteHead(ref writer, 3, command.Kind);
                writer.Write(command.Number);
                break;
            case CommandKind.RaiseAlarm or CommandKind.DisarmAlarm:
                WriteHead(ref writer, 4, command.Kind);
                writer.Write(command.Alarm.Member.Value);
                writer.Write((byte)command.Alarm.Kind);
                break;
            case CommandKind.ForgetMember:
                WriteHead(ref writer, 3, command.Kind);
                writer.Write(command.Alarm.Member.Value);
                break;
            default:
                WriteHead(ref writer, 2, command.Kind);
                break;
        }

        writer.Flush();
    }

    public static void Write(IBufferWriter<byte> destination, Transaction transaction, WritePolicy policy)
    {
        MessagePackWriter writer = new(destination);
        WriteHead(ref writer, 6, CommandKind.Transaction, policy);
        TransactionCodec.Write(ref writer, transaction);
        writer.Flush();
    }

    public static void Write(IBufferWriter<byte> destination, MemberInfo member)
    {
        MessagePackWriter writer = new(destination);
        WriteHead(ref writer, 3, CommandKind.PublishMember);
        MemberCodec.Write(ref writer, member);
        writer.Flush();
    }

    /// <summary>Writes a command about many leases.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="command">The kind and, of an expiry, the bounds.</param>
    /// <param name="numbers">The list; what each number says depends on the kind.</param>
    public static void Write(IBufferWriter<byte> destination, in Command command, List<long> numbers)
    {
        MessagePackWriter writer = new(destination);
        if (command.Kind is CommandKind.ExpireLeases)
            WriteHead(ref writer, 6, command.Kind, command.Policy);
        else
            WriteHead(ref writer, 3, command.Kind);
        writer.WriteArrayHeader(numbers.Count);
        foreach (long number in CollectionsMarshal.AsSpan(numbers))
            writer.Write(number);
        writer.Flush();
    }

    /// <summary>Reads a command.</summary>
    /// <param name="bytes">The bytes; the command borrows from them.</param>
    /// <param name="command">The command; what is in its body has not been read yet.</param>
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

            if (version < 1 || fields < 2)
                return false;

            CommandKind kind = (CommandKind)reader.ReadByte();
            bool isRead = version == 1
                ? TryReadVersion1(ref reader, kind, fields, out command)
                : TryReadFields(ref reader, kind, fields, bytes, out command);
            return isRead && reader.End && command.Policy.IsValid;
        }
        catch (Exception e) when (MessagePackErrors.AreOf(e))
        {
            return false;
        }
    }

    /// <summary>Tells whether a command touches no more than the keys and leases that its bytes name.</summary>
    /// <param name="bytes">The command.</param>
    /// <param name="usedBytes">What the quota counts, about.</param>
    public static bool IsQuick(ReadOnlyMemory<byte> bytes, long usedBytes)
    {
        // A short array, the version, the kind: a byte each.
        ReadOnlySpan<byte> head = bytes.Span;
        if (head.Length < 3 || (head[0] & 0xF0) != MessagePackCode.MinFixArray || head[1] != Version)
            return false;

        CommandKind kind = (CommandKind)head[2];
        if (kind is CommandKind.KeepLeasesAlive)
            return true;
        if (kind is not (CommandKind.Put or CommandKind.GrantLease) || !TryRead(bytes, out Command command))
            return false;

        // What comes to the quota has to count a compaction to its end first, whatever that takes. What is on its way
        // to the store brings it closer; the distance leaves room for that.
        long quota = command.Policy.QuotaBytes;
        return quota == 0 || usedBytes < quota - (quota / 8);
    }

    /// <summary>Reads a list of numbers from a command's body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="group">How many numbers belong together.</param>
    /// <param name="numbers">Takes them; emptied first.</param>
    /// <returns>False if it is no such list.</returns>
    public static bool TryReadNumbers(ReadOnlyMemory<byte> body, int group, List<long> numbers)
    {
        numbers.Clear();
        try
        {
            MessagePackReader reader = new(body);
            int count = reader.ReadArrayHeader();
            for (int i = 0; i < count; i++)
                numbers.Add(reader.ReadInt64());
            return reader.End && count % group == 0;
        }
        catch (Exception e) when (MessagePackErrors.AreOf(e))
        {
            return false;
        }
    }

    /// <summary>Reads bytes that lie in one piece, as those of a command do.</summary>
    public static ReadOnlyMemory<byte> ReadBytes(ref MessagePackReader reader) =>
        reader.ReadBytes() is { } bytes ? bytes.First : throw new MessagePackSerializationException("Bytes are nil.");

    private static void WriteHead(ref MessagePackWriter writer, int fields, CommandKind kind)
    {
        writer.WriteArrayHeader(fields);
        writer.Write(Version);
        writer.Write((byte)kind);
    }

    private static void WriteHead(ref MessagePackWriter writer, int fields, CommandKind kind, WritePolicy policy)
    {
        WriteHead(ref writer, fields, kind);
        writer.Write(policy.QuotaBytes);
        writer.Write(policy.RetainedRevisions);
        writer.Write(policy.Member);
    }

    private static bool TryReadFields(
        ref MessagePackReader reader, CommandKind kind, int fields, ReadOnlyMemory<byte> bytes, out Command command)
    {
        command = new() { Kind = kind };
        if (HasPolicy(kind))
        {
            if (fields < 5)
                return false;
            WritePolicy policy = new(reader.ReadInt64(), reader.ReadInt64(), reader.ReadUInt64());
            command = command with { Policy = policy };
        }

        switch (kind)
        {
            case CommandKind.Put when fields == 9:
                command = command with { Key = ReadBytes(ref reader), Value = ReadBytes(ref reader) };
                command = command with { Flags = (PutFlags)reader.ReadByte(), Lease = reader.ReadInt64() };
                return !command.Key.IsEmpty && command.Flags <= PutFlags.All;
            case CommandKind.Delete when fields == 8:
                command = command with { Key = ReadBytes(ref reader), Value = ReadBytes(ref reader) };
                command = command with { Flags = (PutFlags)reader.ReadByte() };
                return !command.Key.IsEmpty && command.Flags <= PutFlags.ReturnPrevious;
            case CommandKind.GrantLease when fields == 7:
                command = command with { Lease = reader.ReadInt64(), Number = reader.ReadInt64() };
                return command.Lease != 0 && command.Number is > 0 and <= LeaseTable.MaxSeconds;
            case CommandKind.RevokeLease when fields == 6:
                command = command with { Lease = reader.ReadInt64() };
                return true;
            case CommandKind.Compact when fields == 3:
                command = command with { Number = reader.ReadInt64() };
                return true;
            case CommandKind.RaiseAlarm or CommandKind.DisarmAlarm when fields == 4:
                command = command with { Alarm = new(new(reader.ReadUInt64()), (AlarmKind)reader.ReadByte()) };
                return command.Alarm.Kind <= AlarmKind.Corrupt;
            case CommandKind.ForgetMember when fields == 3:
                command = command with { Alarm = new(new(reader.ReadUInt64()), AlarmKind.None) };
                return true;
            case CommandKind.StepCompaction when fields == 2:
                return true;
            case CommandKind.Transaction or CommandKind.ExpireLeases when fields == 6:
            case CommandKind.KeepLeasesAlive or CommandKind.CheckpointLeases when fields == 3:
            case CommandKind.PublishMember when fields == 3:
                // What is left is the body; who knows it reads it to its end.
                command = command with { Body = bytes[(int)reader.Consumed..] };
                reader = new(ReadOnlyMemory<byte>.Empty);
                return true;
            default:
                return false;
        }
    }

    private static bool HasPolicy(CommandKind kind) =>
        kind is CommandKind.Put or CommandKind.Delete or CommandKind.Transaction or CommandKind.GrantLease
            or CommandKind.RevokeLease or CommandKind.ExpireLeases;

    private static bool TryReadVersion1(
        ref MessagePackReader reader, CommandKind kind, int fields, out Command command)
    {
        command = default;
        if (kind is CommandKind.Compact && fields == 3)
        {
            command = Command.Compact(reader.ReadInt64());
            return true;
        }

        if (kind is not (CommandKind.Put or CommandKind.Delete) || fields != 7)
            return false;

        command = new() { Kind = kind, Key = ReadBytes(ref reader), Value = ReadBytes(ref reader) };
        PutFlags flags = reader.ReadBoolean() ? PutFlags.ReturnPrevious : PutFlags.None;
        command = command with { Flags = flags, Policy = new(reader.ReadInt64(), reader.ReadInt64()) };
        return !command.Key.IsEmpty;
    }
}
