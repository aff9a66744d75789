using Coord.Raft.Storage;
using Coord.Shared;

namespace Coord.Raft.Tests.Storage;

/// <summary>A record is whole only where it was written: each guard alone is enough to reject it elsewhere.</summary>
public sealed class WalRecordTests
{
    private static readonly WalPlace Place = new(3, WalPlace.SaltOf(new Guid(1, 2, 3, new byte[8]), 3), 64);

    [Fact]
    public void A_record_is_read_where_it_was_written_and_nowhere_else()
    {
        byte[] segment = Write(Place, out int size);
        Assert.True(WalRecord.TryRead(segment, Place, out WalRecord record));
        Assert.Equal(new EntryId(new Term(5), new LogIndex(6)), record.Id);
        Assert.Equal(size, record.Size);

        segment.AsSpan(Place.Offset, size).CopyTo(segment.AsSpan(512));
        Assert.False(WalRecord.TryRead(segment, Place with { Offset = 512 }, out _));
        Assert.False(WalRecord.TryRead(segment, Place with { Epoch = 4 }, out _));
        Assert.False(WalRecord.TryRead(segment, Place with { Salt = Place.Salt + 1 }, out _));
    }

    [Fact]
    public void The_salt_differs_between_directories_and_between_segments()
    {
        Guid one = new(1, 2, 3, new byte[8]);
        Guid other = new(1, 2, 4, new byte[8]);
        Assert.NotEqual(WalPlace.SaltOf(one, 1), WalPlace.SaltOf(one, 2));
        Assert.NotEqual(WalPlace.SaltOf(one, 1), WalPlace.SaltOf(other, 1));
    }

    [Fact]
    public void A_flipped_bit_anywhere_in_a_record_is_noticed()
    {
        byte[] segment = Write(Place, out int size);
        for (int bit = 0; bit < size * 8; bit++)
        {
            segment[Place.Offset + (bit / 8)] ^= (byte)(1 << (bit % 8));
            Assert.False(WalRecord.TryRead(segment, Place, out _));
            segment[Place.Offset + (bit / 8)] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Zeros_and_ones_are_no_record()
    {
        byte[] segment = new byte[4096];
        Assert.False(WalRecord.TryRead(segment, Place, out _));
        Assert.False(WalRecord.TryRead(segment, default, out _));
        Array.Fill(segment, byte.MaxValue);
        Assert.False(WalRecord.TryRead(segment, Place, out _));
    }

    [Fact]
    public void A_record_at_the_very_end_of_a_segment_is_read_and_one_that_would_exceed_it_is_not()
    {
        byte[] segment = Write(Place, out int size);
        byte[] exact = segment[..(Place.Offset + size)];
        Assert.True(WalRecord.TryRead(exact, Place, out _));
        for (int length = 0; length < exact.Length; length++)
            Assert.False(WalRecord.TryRead(exact.AsSpan(0, length), Place, out _));
    }

    [Fact]
    public void The_checksum_is_the_one_of_the_standard() =>
        Assert.Equal(0xE3069283, Crc32C.Compute("123456789"u8));

    private static byte[] Write(WalPlace place, out int size)
    {
        byte[] segment = new byte[4096];
        byte[] payload = LogEntries.Bytes(1, 37);
        size = WalRecord.SizeOf(payload.Length);
        WalRecord header = new()
        {
            Kind = WalRecordKind.Entry,
            Flags = WalRecord.FirstOfGroup | WalRecord.LastOfGroup,
            Id = new EntryId(new Term(5), new LogIndex(6)),
            PreviousChecksum = 77,
        };
        WalRecord.Write(segment.AsSpan(place.Offset, size), header, payload, place);
        return segment;
    }
}
