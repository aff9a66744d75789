using MessagePack;

namespace Coord.Kv.Commands;

/// <summary>Knows what <see cref="MessagePackReader"/> throws for bytes that are not what was expected.</summary>
internal static class MessagePackErrors
{
    // ArgumentOutOfRangeException: lengths from 2^31 on are taken for negative ones.
    public static bool AreOf(Exception exception) =>
        exception is MessagePackSerializationException
            or EndOfStreamException
            or OverflowException
            or ArgumentOutOfRangeException;
}
