using Coord.Raft;
using Coord.Transport.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Connections;

/// <summary>What all parts of one transport share.</summary>
internal sealed class ConnectionContext(TcpTransportOptions options, TimeProvider timeProvider, ILogger logger)
{
    private IRaftMessageReceiver? _receiver;

    /// <summary>Gets the options.</summary>
    public TcpTransportOptions Options => options;

    /// <summary>Gets the time.</summary>
    public TimeProvider TimeProvider => timeProvider;

    /// <summary>Gets the log.</summary>
    public ILogger Logger => logger;

    /// <summary>Gets the counters.</summary>
    public TransportMetrics Metrics { get; } = new();

    /// <summary>Gets the chance.</summary>
    public Entropy Entropy { get; } = new(options.Seed);

    /// <summary>Gets the memory for sockets.</summary>
    public PinnedBlockPool Blocks { get; } = new();

    /// <summary>Gets the memory for entries.</summary>
    public EntryBlockPool EntryBlocks { get; } = new();

    /// <summary>Gets the limit for logs about what peers and strangers do.</summary>
    public RateLimit LogLimit { get; } = new(timeProvider, burst: 20, TimeSpan.FromSeconds(10));

    /// <summary>Gets the connections that are up.</summary>
    public ConnectionSet Connections { get; } = new(timeProvider);

    /// <summary>Gets the certificates; null without TLS.</summary>
    public Tls.TlsContext? Tls { get; init; }

    /// <summary>Gets or sets the number that this process drew when it started.</summary>
    public ulong BootId { get; set; }

    /// <summary>Gets or sets the node.</summary>
    public IRaftMessageReceiver Receiver
    {
        get => _receiver ?? throw new InvalidOperationException("The transport has not been started.");
        set => _receiver = value;
    }

    /// <summary>Gets a value indicating whether the transport has been started.</summary>
    public bool IsStarted => _receiver is not null;

    /// <summary>Gets or sets where peers reach this member; empty if that is not known.</summary>
    public string LocalAddress { get; set; } = "";

    /// <summary>Returns what this member says about itself now.</summary>
    public PeerHello LocalHello() => Receiver.LocalHello with { Address = LocalAddress, BootId = BootId };
}
