using Coord.Raft;

namespace Coord.AspNetCore;

/// <summary>How a node's store is shown to clients of etcd.</summary>
/// <remarks>
/// What the node's own options say (cluster id, bounds of requests) is taken from them when the node was added with
/// <c>AddCoord</c>, and must be set here otherwise.
/// </remarks>
public sealed class EtcdApiOptions
{
    /// <summary>Gets or sets the cluster's id, which every answer carries.</summary>
    /// <value>That of the node.</value>
    public ClusterId ClusterId { get; set; }

    /// <summary>Gets or sets the name that the member publishes to the others.</summary>
    /// <value>Empty: the member publishes nothing, and is listed as one that has not started.</value>
    public string MemberName { get; set; } = "";

    /// <summary>Gets the URLs at which other members reach this one, as clients are to see them.</summary>
    /// <value>Empty by default.</value>
    public IList<string> PeerUrls { get; } = [];

    /// <summary>Gets the URLs at which clients reach this member.</summary>
    /// <value>Empty by default.</value>
    public IList<string> ClientUrls { get; } = [];

    /// <summary>Gets or sets the version of etcd that clients are told they speak to.</summary>
    /// <value>3.4.36.</value>
    /// <remarks>Clients choose by it what they ask for; there is rarely a reason to change it.</remarks>
    public string ServerVersion { get; set; } = "3.4.36";

    /// <summary>Gets or sets the largest request, as etcd counts it.</summary>
    /// <value>1,572,864 bytes (1.5 MiB), or that of the node's store.</value>
    /// <remarks>
    /// A request that is more than 512 KiB larger is not even read. The store's own bound must leave a little more
    /// room than this, because it encodes requests in another way.
    /// </remarks>
    public int MaxRequestBytes { get; set; } = 1536 * 1024;

    /// <summary>Gets or sets how many operations a transaction may have.</summary>
    /// <value>128, or that of the node's store.</value>
    public int MaxTransactionOperations { get; set; } = 128;

    /// <summary>
    /// Gets or sets a value indicating whether plain calls of the key-value service are answered on their connection.
    /// </summary>
    /// <value>False.</value>
    /// <remarks>
    /// That takes about half of the processor's time, on ports with <c>UseCoordProtocols</c>. Such calls do not come
    /// to the web server: no middleware, log, trace or metric of the host sees them, only Coord's own. So leave it off
    /// where the host decides in middleware who may do what. It has no effect if the web server's windows of HTTP/2
    /// were made smaller than 1 MiB a connection or 128 KiB a stream.
    /// </remarks>
    public bool AnswerOnConnection { get; set; }

    /// <summary>Gets or sets how many watches one stream may have.</summary>
    /// <value>100,000. One whose key is long counts once more for each kilobyte of it.</value>
    /// <remarks>
    /// One more is answered as created and cancelled, with the reason <c>etcdserver: too many requests</c>; the stream
    /// and its other watches go on. So is one beyond <see cref="MaxWatches"/>.
    /// </remarks>
    public int MaxWatchesPerStream { get; set; } = 100_000;

    /// <summary>Gets or sets how many watches the clients of this member may have together.</summary>
    /// <value>1,000,000. An idle one takes about half a kilobyte besides its key.</value>
    public int MaxWatches { get; set; } = 1_000_000;

    /// <summary>Gets or sets how many streams of watches this member serves at a time.</summary>
    /// <value>65,536.</value>
    /// <remarks>One more ends at once with ResourceExhausted, <c>etcdserver: too many requests</c>.</remarks>
    public int MaxWatchStreams { get; set; } = 65_536;

    /// <summary>Gets or sets how much the store may hold, for the metrics.</summary>
    /// <value>2,147,483,648 bytes (2 GiB), or that of the node's store.</value>
    public long QuotaBytes { get; set; } = 2L << 30;

    /// <summary>
    /// Gets or sets a value indicating whether a change of the members is refused after which fewer of them would have
    /// started than make a quorum.
    /// </summary>
    /// <value>True.</value>
    /// <remarks>The log itself refuses, whatever this says, what would leave no quorum that answers.</remarks>
    public bool StrictReconfigCheck { get; set; } = true;

    /// <summary>
    /// Gets or sets after how long without a leader the streams end of clients that asked to be told.
    /// </summary>
    /// <value>3 s, or three election timeouts of the node.</value>
    public TimeSpan NoLeaderTimeout { get; set; } = TimeSpan.FromSeconds(3);
}
