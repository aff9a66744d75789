using System.Buffers;
using System.Collections.Immutable;
using FsCheck.Xunit;
using MessagePack;

namespace Coord.Raft.Tests;

/// <summary>
/// The encoding of memberships, which snapshots and messages share: it keeps all, and trusts nothing.
/// </summary>
public sealed class MembershipCodecTests
{
    [Property(MaxTest = 200)]
    public void What_is_written_is_read(uint seed)
    {
        SnapshotMetadata snapshot = Random((int)seed);
        byte[] bytes = Encode(snapshot);
        Assert.True(TryRead(bytes, out SnapshotMetadata read));
        AssertEqual(snapshot, read);
    }

    [Fact]
    public void Bytes_cut_short_anywhere_are_refused()
    {
        byte[] bytes = Encode(Random(5));
        for (int length = 0; length < bytes.Length; length++)
            Assert.False(TryRead(bytes.AsMemory(0, length), out _));
    }

    [Fact]
    public void Flipped_bytes_never_escape_as_an_exception()
    {
        byte[] bytes = Encode(Random(6));
        for (int offset = 0; offset < bytes.Length; offset++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] damaged = [.. bytes];
                damaged[offset] ^= (byte)(1 << bit);
                TryRead(damaged, out _);
            }
        }
    }

    [Fact]
    public void Members_out_of_order_are_refused()
    {
        Assert.False(TryRead(Encode(With(Membership.Empty with { Voters = [new NodeId(2), new NodeId(1)] })), out _));
        Assert.False(TryRead(Encode(With(Membership.Empty with { Learners = [new NodeId(2), new NodeId(2)] })), out _));
        Member member = new(new NodeId(4), default, "");
        Assert.False(TryRead(Encode(With(Membership.Empty with { Members = [member, member] })), out _));
    }

    [Fact]
    public void A_huge_count_is_refused_before_memory_is_taken()
    {
        // [1, term, index, [1, voters: 2^31 - 1 elements that are not there
        byte[] bytes = [0x94, 1, 1, 1, 0x98, 1, 0xDD, 0x7F, 0xFF, 0xFF, 0xFF];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(TryRead(bytes, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void Another_version_is_refused()
    {
        byte[] bytes = Encode(SnapshotMetadata.Empty);
        bytes[1] = 2;
        Assert.False(TryRead(bytes, out _));
    }

    [Fact]
    public void Fields_that_a_later_version_appends_are_skipped()
    {
        byte[] bytes = Encode(SnapshotMetadata.Empty);
        bytes[0] = 0x95;
        Assert.True(TryRead((byte[])[.. bytes, 0x93, 1, 2, 3], out _));
    }

    /// <summary>
    /// MessagePack's own reader takes such a length for a negative one, and then throws something else.
    /// </summary>
    [Fact]
    public void A_length_beyond_two_gigabytes_is_refused()
    {
        byte[] bytes = Encode(SnapshotMetadata.Empty);
        bytes[0] = 0x95;
        Assert.False(TryRead((byte[])[.. bytes, 0xC6, 0xFF, 0xFF, 0xFF, 0xFF], out _));
        Assert.False(TryRead((byte[])[.. bytes, 0xDB, 0xFF, 0xFF, 0xFF, 0xFF], out _));

        // [1, transition, nil, [[kind, id, address of 4 GiB that is not there
        byte[] change = [0x94, 1, 0, 0xC0, 0x91, 0x95, 0, 1, 0xDB, 0xFF, 0xFF, 0xFF, 0xFF];
        Assert.False(MembershipChangeCodec.TryDecode(change, out _));
    }

    [Fact]
    public void An_address_beyond_the_limit_is_refused()
    {
        Assert.True(TryRead(Encode(WithAddress(MembershipCodec.MaxAddressBytes)), out _));
        Assert.False(TryRead(Encode(WithAddress(MembershipCodec.MaxAddressBytes + 1)), out _));

        static SnapshotMetadata WithAddress(int length) =>
            With(Membership.Empty with { Members = [new Member(new NodeId(1), default, new string('a', length))] });
    }

    private static SnapshotMetadata With(Membership membership) => new(default, membership);

    private static byte[] Encode(SnapshotMetadata snapshot)
    {
        ArrayBufferWriter<byte> bytes = new();
        MessagePackWriter writer = new(bytes);
        MembershipCodec.Write(ref writer, snapshot);
        writer.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static bool TryRead(ReadOnlyMemory<byte> bytes, out SnapshotMetadata snapshot)
    {
        MessagePackReader reader = new(bytes);
        return MembershipCodec.TryRead(ref reader, out snapshot);
    }

    private static SnapshotMetadata Random(int seed)
    {
        Random random = new(seed);
        ImmutableArray<Member> members = [.. Ids(random).Select(id => new Member(
            id, new LogIndex(random.NextInt64(0, long.MaxValue)), new string('ä', random.Next(20)),
            random.Next(2) == 0, random.Next(2) == 0))];
        return new SnapshotMetadata(
            new EntryId(new Term(random.NextInt64(0, long.MaxValue)), new LogIndex(random.NextInt64(0, long.MaxValue))),
            new Membership
            {
                Voters = Ids(random),
                VotersOutgoing = Ids(random),
                Learners = Ids(random),
                LearnersNext = Ids(random),
                AutoLeave = random.Next(2) == 0,
                Members = members,
                Version = new LogIndex(random.Next()),
            });
    }

    private static ImmutableArray<NodeId> Ids(Random random) =>
        [.. Enumerable.Range(0, random.Next(7))
            .Select(_ => (ulong)random.NextInt64(1, random.Next(2) == 0 ? 9 : long.MaxValue))
            .Distinct().Order().Select(value => new NodeId(value))];

    private static void AssertEqual(SnapshotMetadata expected, SnapshotMetadata actual)
    {
        Assert.Equal(expected.LastIncluded, actual.LastIncluded);
        Assert.Equal(expected.Membership.Voters.AsEnumerable(), actual.Membership.Voters);
        Assert.Equal(expected.Membership.VotersOutgoing.AsEnumerable(), actual.Membership.VotersOutgoing);
        Assert.Equal(expected.Membership.Learners.AsEnumerable(), actual.Membership.Learners);
        Assert.Equal(expected.Membership.LearnersNext.AsEnumerable(), actual.Membership.LearnersNext);
        Assert.Equal(expected.Membership.AutoLeave, actual.Membership.AutoLeave);
        Assert.Equal(expected.Membership.Members.AsEnumerable(), actual.Membership.Members);
        Assert.Equal(expected.Membership.Version, actual.Membership.Version);
    }
}
