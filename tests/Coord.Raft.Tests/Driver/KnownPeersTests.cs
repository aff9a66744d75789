using System.Buffers.Binary;
using Coord.Raft.Driver;
using Coord.Raft.Storage;
using Coord.Raft.Tests.Storage;
using Coord.Shared;

namespace Coord.Raft.Tests.Driver;

/// <summary>A member that comes back without its memory is not believed, and no other is refused.</summary>
public sealed class KnownPeersTests
{
    private static readonly PeerHello Peer =
        new(new ClusterId(1), new NodeId(2), new Guid(1, 0, 0, new byte[8]), new Term(5), Last(100)) { BootId = 7 };

    private readonly MemoryFileSystem _files = new();
    private readonly KnownPeers _peers;

    public KnownPeersTests()
    {
        _files.CreateDirectory("/data");
        _peers = new KnownPeers(_files, "/data");
        Assert.Null(_peers.Check(Peer));
        _peers.OnAcknowledged(Peer.NodeId, new Term(5), new LogIndex(200));
    }

    [Fact]
    public void A_peer_with_another_directory_is_refused_even_after_a_restart()
    {
        PeerHello wiped = Peer with { DirectoryId = new Guid(2, 0, 0, new byte[8]), BootId = 8 };
        Assert.NotNull(_peers.Check(wiped));
        Assert.NotNull(new KnownPeers(_files, "/data").Check(wiped));
        Assert.Null(new KnownPeers(_files, "/data").Check(Peer));
    }

    [Fact]
    public void A_new_process_on_an_older_copy_of_the_directory_is_refused()
    {
        Assert.NotNull(_peers.Check(Peer with { BootId = 8, LastLog = Last(199) }));
        Assert.NotNull(_peers.Check(Peer with { BootId = 8, Term = new Term(4), LastLog = Last(300) }));
        Assert.NotNull(_peers.Check(Peer with { BootId = 0, LastLog = Last(199) }));
        Assert.Null(_peers.Check(Peer with { BootId = 8, LastLog = Last(200) }));
        Assert.Null(_peers.Check(Peer with { BootId = 9, Term = new Term(6), LastLog = Last(150) }));
    }

    /// <summary>Acknowledgments on one connection overtake what is said in the handshake of another.</summary>
    [Fact]
    public void A_process_that_still_runs_is_not_refused_for_what_it_has_acknowledged_meanwhile() =>
        Assert.Null(_peers.Check(Peer with { LastLog = Last(150) }));

    [Fact]
    public void A_refused_process_does_not_become_known()
    {
        PeerHello older = Peer with { BootId = 8, LastLog = Last(199) };
        Assert.NotNull(_peers.Check(older));
        Assert.NotNull(_peers.Check(older));
    }

    [Fact]
    public void A_removed_peer_is_known_by_its_directory_even_after_a_restart_until_it_is_added_again()
    {
        _peers.Retain(MembershipOf(1, 1, 2));
        Assert.False(_peers.IsRemoved(Peer));
        _peers.Retain(MembershipOf(2, 1));
        KnownPeers restarted = new(_files, "/data");
        foreach (KnownPeers peers in (KnownPeers[])[_peers, restarted])
        {
            Assert.True(peers.IsRemoved(Peer));

            // Added again it has a new directory: who has not heard of that yet must not tell it that it was removed.
            Assert.False(peers.IsRemoved(Peer with { DirectoryId = new Guid(2, 0, 0, new byte[8]) }));
            Assert.False(peers.IsRemoved(Peer with { NodeId = new NodeId(3) }));
        }

        restarted.Retain(MembershipOf(3, 1, 2));
        Assert.False(restarted.IsRemoved(Peer));
        Assert.False(new KnownPeers(_files, "/data").IsRemoved(Peer));
        Assert.Null(restarted.Check(Peer with { DirectoryId = new Guid(2, 0, 0, new byte[8]) }));
    }

    [Fact]
    public void The_latest_that_were_removed_are_remembered_and_so_are_members()
    {
        for (uint id = 3; id < 303; id++)
        {
            Assert.Null(_peers.Check(Other(id)));
            _peers.Retain(MembershipOf(10 * id, 1, 2, id));
            _peers.Retain(MembershipOf((10 * id) + 1, 1, 2));
        }

        KnownPeers restarted = new(_files, "/data");
        Assert.Equal(256, Enumerable.Range(3, 300).Count(id => restarted.IsRemoved(Other((uint)id))));
        Assert.True(restarted.IsRemoved(Other(302)));
        Assert.False(restarted.IsRemoved(Other(3)));
        Assert.NotNull(restarted.Check(Peer with { DirectoryId = Guid.Empty }));
    }

    [Fact]
    public void The_file_of_the_first_version_is_read_and_one_that_is_cut_is_damaged()
    {
        byte[] first = new byte[8 + 24];
        first[4] = 1;
        first[8] = 9;
        Peer.DirectoryId.TryWriteBytes(first.AsSpan(16));
        Write(first);
        KnownPeers peers = new(_files, "/data");
        Assert.NotNull(peers.Check(Peer with { NodeId = new NodeId(9), DirectoryId = Guid.Empty }));
        Assert.Null(peers.Check(Peer with { NodeId = new NodeId(9) }));

        // A member too many, a removed one too many, one of a negative number, and a peer that is cut.
        foreach ((int at, byte value) in ((int, byte)[])[(16, 4), (20, 2), (19, 255), (23, 255), (0, 0)])
        {
            byte[] second = [.. new byte[24], .. first[8..(at == 0 ? 31 : 32)]];
            second[4] = 2;
            second[at] = value;
            Write(second);
            Assert.Throws<LogCorruptedException>(() => new KnownPeers(_files, "/data"));
        }

        void Write(byte[] bytes)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(bytes.AsSpan(4)));
            _files.Delete("/data/peers");
            using IFile file = _files.Open("/data/peers", FileAccessMode.CreateNew);
            file.Write(bytes, 0);
        }
    }

    /// <summary>After a restart what is applied again is older than what an earlier process knew.</summary>
    [Fact]
    public void Who_was_added_is_not_removed_by_the_memberships_before_that_a_restart_goes_through_again()
    {
        Membership[] history = [MembershipOf(0, 1), MembershipOf(5, 1, 3), MembershipOf(9, 1, 2, 3)];
        foreach (Membership membership in history)
            _peers.Retain(membership);
        Assert.Null(_peers.Check(Peer));
        KnownPeers restarted = new(_files, "/data");
        foreach (Membership membership in history)
        {
            restarted.Retain(membership);
            Assert.False(restarted.IsRemoved(Peer));
        }

        Assert.NotNull(restarted.Check(Peer with { DirectoryId = Guid.Empty }));
    }

    [Fact]
    public void A_guest_that_is_no_member_yet_was_not_removed()
    {
        _peers.Retain(MembershipOf(5, 1, 3));
        _peers.Retain(MembershipOf(6, 1));
        Assert.False(_peers.IsRemoved(Peer));
    }

    [Fact]
    public void Who_was_removed_and_added_again_unseen_may_have_a_new_directory()
    {
        _peers.Retain(MembershipOf(5, 1, 2));
        Membership later = MembershipOf(20, 1);
        Member again = new(Peer.NodeId, new LogIndex(20), "node2");
        _peers.Retain(later with { Voters = later.Voters.Add(again.Id), Members = later.Members.Add(again) });
        Assert.Null(_peers.Check(Peer with { DirectoryId = Guid.Empty }));
    }

    [Fact]
    public void Who_could_not_be_written_down_is_not_known_and_a_membership_that_could_not_is_seen_again()
    {
        _peers.Retain(MembershipOf(5, 1, 2));
        _files.FailAt(1);
        Assert.ThrowsAny<IOException>(() => _peers.Check(Other(3)));
        _files.FailAt(1);
        Assert.ThrowsAny<IOException>(() => _peers.Check(Other(3)));
        _files.FailAt(1);
        _peers.Retain(MembershipOf(6, 1));
        Assert.True(_peers.IsRemoved(Peer));
        KnownPeers restarted = new(_files, "/data");
        Assert.False(restarted.IsRemoved(Peer));
        restarted.Retain(MembershipOf(6, 1));
        Assert.True(restarted.IsRemoved(Peer));
    }

    private static Membership MembershipOf(long version, params ulong[] ids)
    {
        Member[] members = [.. ids.Select(id => new Member(new NodeId(id), default, $"node{id}"))];
        return Membership.CreateInitial(members) with { Version = new LogIndex(version) };
    }

    private static PeerHello Other(uint id) => Peer with { NodeId = new NodeId(id) };

    private static EntryId Last(long index) => new(new Term(5), new LogIndex(index));
}
