using Coord.Raft.Driver;
using Coord.Raft.Tests.Storage;

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

    private static EntryId Last(long index) => new(new Term(5), new LogIndex(index));
}
