namespace Coord.Raft.Tests.Storage;

/// <summary>Makes entries whose payload follows from their id, so that a mix-up shows.</summary>
internal static class LogEntries
{
    public static Entry Make(long term, long index, int bytes, EntryKind kind = EntryKind.Command) =>
        new(new EntryId(new Term(term), new LogIndex(index)), kind, Bytes((term * 1_000_003) + index, bytes));

    public static void AssertIntact(in Entry entry) =>
        Assert.True(
            entry.Payload.Span.SequenceEqual(
                Bytes((entry.Term.Value * 1_000_003) + entry.Index.Value, entry.Payload.Length)),
            $"The payload of {entry} is not the one that was appended.");

    public static byte[] Bytes(long seed, int count)
    {
        byte[] bytes = new byte[count];
        ulong state = ((ulong)seed * 0x9E3779B97F4A7C15) + 1;
        for (int i = 0; i < count; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes[i] = (byte)(state >> 24);
        }

        return bytes;
    }
}
