using System.Buffers;
using System.Buffers.Binary;

namespace Coord.AspNetCore.Direct;

/// <summary>The header of a frame of HTTP/2 (RFC 9113 §4.1), and the numbers that such headers have.</summary>
internal readonly record struct Http2Frame(int Length, byte Type, byte Flags, int Stream)
{
    public const int HeaderBytes = 9;

    /// <summary>What no frame exceeds unless its receiver has said so; Coord's never do.</summary>
    public const int MaxPayloadBytes = 16 * 1024;

    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Priority = 2;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;
    public const byte Continuation = 9;

    public const byte EndStream = 0x1;
    public const byte Ack = 0x1;
    public const byte EndHeaders = 0x4;
    public const byte Padded = 0x8;

    /// <summary>Gets the number of bytes of the frame, header included.</summary>
    public int Size => HeaderBytes + Length;

    /// <summary>Reads a header; false if it is not there as a whole.</summary>
    public static bool TryRead(in ReadOnlySequence<byte> bytes, out Http2Frame frame)
    {
        frame = default;
        if (bytes.Length < HeaderBytes)
            return false;

        Span<byte> span = stackalloc byte[HeaderBytes];
        bytes.Slice(0, HeaderBytes).CopyTo(span);
        uint lengthAndType = BinaryPrimitives.ReadUInt32BigEndian(span);
        frame = new Http2Frame(
            (int)(lengthAndType >> 8), (byte)lengthAndType, span[4],
            BinaryPrimitives.ReadInt32BigEndian(span[5..]) & int.MaxValue);
        return true;
    }

    /// <summary>Writes a header, and returns where the payload goes.</summary>
    public static Span<byte> Write(Span<byte> destination, int length, byte type, byte flags, int stream)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, ((uint)length << 8) | type);
        destination[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(destination[5..], stream);
        return destination[HeaderBytes..];
    }
}
