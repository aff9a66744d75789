using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Coord.Raft.Messages;

namespace Coord.Raft;

/// <summary>
/// The wire format of messages, described in FORMAT.md. The transport frames and checksums what this writes.
/// </summary>
/// <remarks>
/// Reading checks everything before it keeps anything: a message that is refused has taken no memory and holds no
/// reference. What a reading cannot check are claims that need the receiver's state, such as a term far ahead.
/// </remarks>
public static class MessageCodec
{
    /// <summary>
    /// The largest encoded message: an append at its limit plus one entry at its limit, with room for headers.
    /// </summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <summary>
    /// The most entries in one message: what a reader allocates for them stays within a few megabytes.
    /// </summary>
    public const int MaxEntries = 65_536;

    /// <summary>
    /// The largest term and index that is read. Sums of two never overflow, and no honest cluster comes near.
    /// </summary>
    internal const long MaxValue = long.MaxValue >> 2;

    internal const byte Version = 1;
    internal const int HeaderBytes = 104;
    internal const int EntryHeaderBytes = 16;

    /// <summary>The most bytes of a snapshot's metadata: some thousand members.</summary>
    internal const int MaxSnapshotBytes = 1 << 20;

    private const MessageKind LastKind = MessageKind.RepairResponse;
    private const EntryKind LastEntryKind = EntryKind.CloseSession;

    /// <summary>Writes a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="destination">Where to.</param>
    /// <exception cref="ArgumentException">
    /// The entries are not those that follow <see cref="Message.Log"/>, or the kind carries none. A bug of the caller.
    /// </exception>
    public static void Write(in Message message, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ReadOnlySpan<Entry> entries = message.Entries.Span;
        if (!entries.IsEmpty && !CarriesEntries(message.Kind))
            throw new ArgumentException("A message of this kind carries no entries.", nameof(message));

        ReadOnlyMemory<byte> snapshot =
            message.Snapshot is null ? default : SnapshotMetadataCodec.Encode(message.Snapshot);
        WriteHeader(message, snapshot.Length, destination.GetSpan(HeaderBytes));
        destination.Advance(HeaderBytes);

        LogIndex index = message.Log.Index;
        foreach (ref readonly Entry entry in entries)
        {
            index = index.Next;
            if (entry.Index != index)
                throw new ArgumentException("The entries of an append follow its log position.", nameof(message));

            Span<byte> header = destination.GetSpan(EntryHeaderBytes)[..EntryHeaderBytes];
            header.Clear();
            BinaryPrimitives.WriteInt64LittleEndian(header, entry.Term.Value);
            BinaryPrimitives.WriteInt32LittleEndian(header[8..], entry.Payload.Length);
            header[12] = (byte)entry.Kind;
            destination.Advance(EntryHeaderBytes);
        }

        destination.Write(snapshot.Span);
        foreach (ref readonly Entry entry in entries)
            destination.Write(entry.Payload.Span);
        destination.Write(message.Payload.Span);
    }

    /// <summary>Returns how many bytes <see cref="Write"/> will write.</summary>
    /// <param name="message">The message.</param>
    /// <returns>The exact number; <see cref="int.MaxValue"/> if it is beyond that.</returns>
    public static int GetSize(in Message message)
    {
        long size = HeaderBytes + message.Payload.Length;
        if (message.Snapshot is not null)
            size += SnapshotMetadataCodec.Encode(message.Snapshot).Length;

        foreach (ref readonly Entry entry in message.Entries.Span)
            size += EntryHeaderBytes + entry.Payload.Length;
        return (int)Math.Min(size, int.MaxValue);
    }

    /// <summary>Reads a message. Entries are copied into the arena, each with a reference on its block.</summary>
    /// <param name="source">Exactly one message.</param>
    /// <param name="arena">Where payloads go.</param>
    /// <param name="message">
    /// The message. Whoever handles it calls <see cref="Release"/> afterwards; whoever drops it, <see cref="Discard"/>.
    /// </param>
    /// <returns>False if the bytes do not follow the format; nothing is kept then.</returns>
    public static bool TryRead(in ReadOnlySequence<byte> source, EntryArena arena, out Message message)
    {
        ArgumentNullException.ThrowIfNull(arena);
        message = default;
        SequenceReader<byte> reader = new(source);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (!reader.TryCopyTo(header))
            return false;

        reader.Advance(HeaderBytes);
        if (!TryReadHeader(header, out Message read, out MessageLengths lengths))
            return false;
        if (lengths.Entries > MaxEntries || lengths.Snapshot > MaxSnapshotBytes)
            return false;
        if (lengths.Entries > 0 && !CarriesEntries(read.Kind))
            return false;
        if (reader.Remaining < ((long)lengths.Entries * EntryHeaderBytes) + lengths.Snapshot + lengths.Payload)
            return false;
        if (!AreEntriesValid(reader, read, lengths))
            return false;

        SequenceReader<byte> bodies = reader;
        bodies.Advance((long)lengths.Entries * EntryHeaderBytes);
        if (lengths.HasSnapshot)
        {
            ReadOnlySequence<byte> bytes = bodies.UnreadSequence.Slice(0, lengths.Snapshot);
            if (!SnapshotMetadataCodec.TryDecode(bytes, out SnapshotMetadata snapshot))
                return false;

            bodies.Advance(lengths.Snapshot);
            read = read with { Snapshot = snapshot };
        }

        // From here on nothing can fail, so no reference can be left behind.
        if (lengths.Entries > 0)
            read = read with { Entries = ReadEntries(ref reader, ref bodies, read.Log.Index, lengths.Entries, arena) };

        if (lengths.Payload > 0)
        {
            Memory<byte> payload = arena.Allocate(lengths.Payload, out EntryBlock block);
            bodies.UnreadSequence.CopyTo(payload.Span);
            read = read with { Payload = payload, Block = block };
        }

        message = read;
        return true;
    }

    /// <summary>
    /// Gives back what a handled message that came from <see cref="TryRead"/> still holds: the array of its entries and
    /// its <see cref="Message.Block"/>. The references of the entries themselves belong to whoever took the entries.
    /// </summary>
    /// <param name="message">The message, not used after the call. One that was not read holds nothing.</param>
    public static void Release(in Message message)
    {
        if (MemoryMarshal.TryGetMemoryManager(message.Entries, out EntryBatch? batch))
            batch.Return();

        message.Block?.Release();
    }

    /// <summary>Gives back all that a message from <see cref="TryRead"/> holds, its entries' references too.</summary>
    /// <param name="message">A message that nobody has handled; not used after the call.</param>
    public static void Discard(in Message message)
    {
        foreach (ref readonly Entry entry in message.Entries.Span)
            entry.Block?.Release();

        Release(message);
    }

    private static bool CarriesEntries(MessageKind kind) => kind is MessageKind.Append or MessageKind.RepairResponse;

    private static void WriteHeader(in Message message, int snapshotBytes, Span<byte> header)
    {
        header[..HeaderBytes].Clear();
        header[0] = Version;
        header[1] = (byte)message.Kind;
        Flags reject = message.Reject ? Flags.Reject : Flags.None;
        header[2] = (byte)(message.Snapshot is null ? reject : reject | Flags.Snapshot);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], message.From.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], message.To.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], message.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], message.Log.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], message.Log.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], message.Commit.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[56..], message.Hint.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[64..], message.Hint.Index.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(header[72..], message.Context);
        BinaryPrimitives.WriteInt64LittleEndian(header[80..], message.Session.Value);
        BinaryPrimitives.WriteInt32LittleEndian(header[88..], message.Entries.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[92..], snapshotBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header[96..], message.Payload.Length);
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> header, out Message message, out MessageLengths lengths)
    {
        Flags flags = (Flags)header[2];
        lengths = new MessageLengths(
            BinaryPrimitives.ReadInt32LittleEndian(header[88..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[92..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[96..]),
            (flags & Flags.Snapshot) != Flags.None);
        message = new Message
        {
            Kind = (MessageKind)header[1],
            From = new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(header[8..])),
            To = new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(header[16..])),
            Term = new Term(BinaryPrimitives.ReadInt64LittleEndian(header[24..])),
            Log = ReadEntryId(header[32..]),
            Commit = new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(header[48..])),
            Reject = (flags & Flags.Reject) != Flags.None,
            Hint = ReadEntryId(header[56..]),
            Context = BinaryPrimitives.ReadUInt64LittleEndian(header[72..]),
            Session = new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(header[80..])),
        };

        bool isReservedZero = header[3] == 0
            && BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == 0 // The group: there is one so far.
            && BinaryPrimitives.ReadUInt32LittleEndian(header[100..]) == 0;
        return header[0] == Version
            && message.Kind is > MessageKind.None and <= LastKind
            && (flags & ~(Flags.Reject | Flags.Snapshot)) == Flags.None
            && isReservedZero
            && !message.From.IsNone && !message.To.IsNone
            && IsValid(message.Term.Value) && IsValid(message.Log) && IsValid(message.Hint)
            && IsValid(message.Commit.Value) && IsValid(message.Session.Value)
            && lengths.Entries >= 0 && lengths.Snapshot >= 0 && lengths.Payload >= 0
            && lengths.HasSnapshot == (lengths.Snapshot > 0);
    }

    private static bool AreEntriesValid(SequenceReader<byte> table, in Message message, in MessageLengths lengths)
    {
        long bodies = (long)lengths.Snapshot + lengths.Payload;
        long previousTerm = message.Log.Term.Value;
        Span<byte> header = stackalloc byte[EntryHeaderBytes];
        for (int i = 0; i < lengths.Entries; i++)
        {
            table.TryCopyTo(header);
            table.Advance(EntryHeaderBytes);
            long term = BinaryPrimitives.ReadInt64LittleEndian(header);
            int length = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
            // Terms never fall along a log, and no leader holds an entry of a term after its own (Raft §5.3).
            bool isTermValid = term > 0 && term >= previousTerm && term <= message.Term.Value;
            if (!isTermValid || length < 0 || (EntryKind)header[12] > LastEntryKind)
                return false;
            if (header[13] != 0 || header[14] != 0 || header[15] != 0)
                return false;

            bodies += length;
            previousTerm = term;
        }

        return bodies == table.Remaining;
    }

    private static ReadOnlyMemory<Entry> ReadEntries(
        ref SequenceReader<byte> table, ref SequenceReader<byte> bodies, LogIndex index, int count, EntryArena arena)
    {
        EntryBatch batch = EntryBatch.Rent(count);
        Span<Entry> entries = batch.GetSpan();
        Span<byte> header = stackalloc byte[EntryHeaderBytes];
        for (int i = 0; i < count; i++)
        {
            table.TryCopyTo(header);
            table.Advance(EntryHeaderBytes);
            int length = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
            Memory<byte> payload = arena.Allocate(length, out EntryBlock block);
            bodies.TryCopyTo(payload.Span);
            bodies.Advance(length);

            index = index.Next;
            EntryId id = new(new Term(BinaryPrimitives.ReadInt64LittleEndian(header)), index);
            entries[i] = new Entry(id, (EntryKind)header[12], payload, block);
        }

        return batch.Memory;
    }

    private static EntryId ReadEntryId(ReadOnlySpan<byte> source) => new(
        new Term(BinaryPrimitives.ReadInt64LittleEndian(source)),
        new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(source[8..])));

    private static bool IsValid(EntryId id) => IsValid(id.Term.Value) && IsValid(id.Index.Value);

    private static bool IsValid(long value) => value is >= 0 and <= MaxValue;

    [Flags]
    private enum Flags : byte
    {
        None = 0,
        Reject = 1,
        Snapshot = 2,
    }
}
