using Coord.Raft;
using Coord.Transport.Framing;

namespace Coord.Transport;

/// <summary>Sets up a <see cref="TcpTransport"/>.</summary>
/// <remarks>The members' addresses are not set here: they are part of the cluster's membership.</remarks>
public sealed class TcpTransportOptions
{
    /// <summary>Gets or sets where to listen for peers, as <c>address:port</c>.</summary>
    /// <value><c>[::]:7400</c>, all addresses. Port 0 lets the system choose.</value>
    public string ListenAddress { get; set; } = "[::]:7400";

    /// <summary>Gets or sets where peers reach this member, as <c>host:port</c>.</summary>
    /// <value>Null: what the membership says, or else <see cref="ListenAddress"/>.</value>
    /// <remarks>
    /// A member that is so far behind that it has not heard of this one yet learns from it where to send its answers.
    /// </remarks>
    public string? AdvertisedAddress { get; set; }

    /// <summary>Gets or sets how peers prove who they are.</summary>
    /// <value>
    /// Null: they do not, and nothing is encrypted. Only for networks that nobody else can reach.
    /// </value>
    public TlsOptions? Tls { get; set; }

    /// <summary>Gets or sets the longest payload of a frame that is sent or received, in bytes.</summary>
    /// <value><see cref="MessageCodec.MaxMessageBytes"/>, 16 MiB.</value>
    public int MaxFrameBytes { get; set; } = MessageCodec.MaxMessageBytes;

    /// <summary>
    /// Gets or sets how many bytes of heartbeats, votes and answers wait for a peer that does not read.
    /// </summary>
    /// <value>1 MiB. What comes when it is full is dropped, and sent again by the protocol.</value>
    public long MaxControlQueueBytes { get; set; } = 1024 * 1024;

    /// <summary>Gets or sets how many bytes of entries wait for a peer that does not read.</summary>
    /// <value>16 MiB. What comes when it is full is dropped, and sent again by the protocol.</value>
    /// <remarks>An empty queue takes any message, so the bound is this or one frame.</remarks>
    public long MaxLogQueueBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Gets or sets how many bytes of snapshots wait for a peer that does not read.</summary>
    /// <value>4 MiB. What comes when it is full is dropped, and sent again by the protocol.</value>
    public long MaxBulkQueueBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Gets or sets how long to wait for a connection to be made.</summary>
    /// <value>3 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Gets or sets how long a handshake may take, TLS included.</summary>
    /// <value>5 seconds.</value>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how often each connection is asked for a sign of life.</summary>
    /// <value>1 second.</value>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets the silence after which a connection is given up and made again.</summary>
    /// <value>5 seconds.</value>
    /// <remarks>This recycles dead connections. Leaders are found dead by heartbeats, far sooner.</remarks>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how long a frame may take to arrive once it has begun.</summary>
    /// <value>30 seconds, enough for the largest over 5 Mbit/s.</value>
    public TimeSpan FrameTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how long to wait before a first new attempt to connect; it doubles from there.</summary>
    /// <value>50 milliseconds; half of each wait is random.</value>
    public TimeSpan MinReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets or sets the longest wait between attempts to connect.</summary>
    /// <value>2 seconds.</value>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets or sets how many connections may be in their handshake at a time.</summary>
    /// <value>64. Another one then displaces the oldest, which an honest peer would have finished.</value>
    public int MaxPendingHandshakes { get; set; } = 64;

    /// <summary>
    /// Gets or sets how many peers are let in that this member does not know as members, each with a connection of its
    /// own back to them.
    /// </summary>
    /// <value>16. Zero refuses all of them.</value>
    /// <remarks>
    /// They belong to the same cluster and, with <see cref="Tls"/>, hold a certificate. A member that was away while
    /// the membership changed depends on them: all whom it knew may have left.
    /// </remarks>
    public int MaxUnknownPeers { get; set; } = 16;

    /// <summary>Gets or sets who lets nodes in as learners that were not added before.</summary>
    /// <value>Null: nobody is let in that way.</value>
    public LearnerAdmission? Admission { get; set; }

    /// <summary>Gets or sets where the transport's chance starts (waits, nonces).</summary>
    /// <value>Null: from the system. Set in tests.</value>
    public ulong? Seed { get; set; }

    /// <summary>Listens on a port of all addresses.</summary>
    /// <param name="port">The port; zero lets the system choose.</param>
    public void ListenOn(int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        ListenAddress = $"[::]:{port}";
    }

    /// <summary>Returns the bound of a lane's queue.</summary>
    internal long MaxQueuedBytes(Lane lane) => lane switch
    {
        Lane.Control => MaxControlQueueBytes,
        Lane.Log => MaxLogQueueBytes,
        _ => MaxBulkQueueBytes,
    };

    /// <summary>Returns what is wrong with the options, as a sentence; null if nothing is.</summary>
    internal string? Problem()
    {
        if (!PeerAddress.TryParse(ListenAddress, out PeerAddress listen) || listen.ToEndPoint() is null)
            return $"{nameof(ListenAddress)} is '{ListenAddress}'; write a numeric address and a port, like [::]:7400.";
        if (AdvertisedAddress is not null && !PeerAddress.TryParse(AdvertisedAddress, out _))
            return $"{nameof(AdvertisedAddress)} is '{AdvertisedAddress}'; write host:port.";
        if (MaxFrameBytes is < 1024 or > MessageCodec.MaxMessageBytes)
            return $"{nameof(MaxFrameBytes)} lies between 1,024 and {MessageCodec.MaxMessageBytes}.";
        if (MaxControlQueueBytes <= 0 || MaxLogQueueBytes <= 0 || MaxBulkQueueBytes <= 0)
            return "The bounds of the queues are positive.";
        if (ConnectTimeout <= TimeSpan.Zero || HandshakeTimeout <= TimeSpan.Zero || FrameTimeout <= TimeSpan.Zero)
            return $"{nameof(ConnectTimeout)}, {nameof(HandshakeTimeout)} and {nameof(FrameTimeout)} are positive.";
        if (PingInterval <= TimeSpan.Zero || IdleTimeout <= PingInterval)
            return $"{nameof(PingInterval)} is positive, and {nameof(IdleTimeout)} is longer.";
        if (MinReconnectDelay <= TimeSpan.Zero || MaxReconnectDelay < MinReconnectDelay)
            return $"{nameof(MinReconnectDelay)} is positive, and {nameof(MaxReconnectDelay)} is not shorter.";
        if (MaxPendingHandshakes <= 0 || MaxUnknownPeers < 0)
            return $"{nameof(MaxPendingHandshakes)} is positive, and {nameof(MaxUnknownPeers)} is not negative.";

        return Tls?.Problem();
    }
}
