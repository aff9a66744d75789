using System.Buffers;
using System.Buffers.Binary;

namespace Coord.Raft.Driver;

/// <summary>The whole replicated state at one entry: the sessions, and the state machine's own capture.</summary>
/// <remarks>In a snapshot: the length of the session table (8 bytes, little-endian), the table, the state.</remarks>
internal sealed class StateCapture(ReadOnlyMemory<byte> sessions, IStateCapture? state) : IDisposable
{
    private const int MaxSessionBytes = 1 << 30;

    /// <summary>Writes the state. Called once.</summary>
    public void WriteTo(Stream destination, CancellationToken cancellationToken)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, sessions.Length);
        destination.Write(length);
        destination.Write(sessions.Span);
        state?.WriteTo(destination, cancellationToken);
    }

    /// <summary>Writes what precedes the state machine's own state in a cluster that has no sessions yet.</summary>
    public static void WriteBeginning(Stream destination)
    {
        ArrayBufferWriter<byte> table = new();
        new SessionTable(maxSessions: 1).Write(table);
        using StateCapture capture = new(table.WrittenMemory, state: null);
        capture.WriteTo(destination, CancellationToken.None);
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are something else.</exception>
    public static void Restore(
        Stream source, EntryId lastIncluded, SessionTable sessions, IStateMachine? stateMachine)
    {
        Span<byte> length = stackalloc byte[8];
        source.ReadExactly(length);
        long sessionBytes = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (sessionBytes is < 8 or > MaxSessionBytes)
            throw new InvalidDataException("The snapshot does not start with a session table.");

        byte[] table = new byte[sessionBytes];
        source.ReadExactly(table);
        sessions.Read(table);
        stateMachine?.Restore(source, lastIncluded);
    }

    /// <inheritdoc/>
    public void Dispose() => state?.Dispose();
}
