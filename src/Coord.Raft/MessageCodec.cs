using System.Buffers;

namespace Coord.Raft;

/// <summary>
/// The wire format of messages, described in FORMAT.md. The transport frames and checksums what this writes.
/// </summary>
public static class MessageCodec
{
    /// <summary>
    /// The largest encoded message: an append at its limit plus one entry at its limit, with room for headers.
    /// </summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <summary>Writes a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="destination">Where to.</param>
    public static void Write(in Message message, IBufferWriter<byte> destination) =>
        throw new NotSupportedException("To come.");

    /// <summary>Returns how many bytes <see cref="Write"/> will write at most.</summary>
    /// <param name="message">The message.</param>
    public static int GetMaxSize(in Message message) => throw new NotSupportedException("To come.");

    /// <summary>Reads a message. Entries are copied into the arena, each with a reference on its block.</summary>
    /// <param name="source">Exactly one message.</param>
    /// <param name="arena">Where payloads go.</param>
    /// <param name="message">The message; its entries are in an array of their own.</param>
    /// <returns>False if the bytes do not follow the format; nothing is kept then.</returns>
    public static bool TryRead(in ReadOnlySequence<byte> source, EntryArena arena, out Message message) =>
        throw new NotSupportedException("To come.");
}
