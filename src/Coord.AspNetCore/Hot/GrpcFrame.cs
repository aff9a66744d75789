using System.Buffers.Binary;

namespace Coord.AspNetCore.Hot;

/// <summary>What precedes each message of a gRPC stream: whether it is compressed, and its length.</summary>
internal static class GrpcFrame
{
    public const int PrefixBytes = 5;

    /// <summary>Writes the prefix of a message that is not compressed.</summary>
    public static void WritePrefix(Span<byte> bytes, int messageBytes)
    {
        bytes[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[1..], (uint)messageBytes);
    }
}
