using System.Globalization;
using System.Net.Security;
using Coord.Kv;
using Coord.Raft;
using Coord.SampleHost.Configuration;
using Coord.Transport;

namespace Coord.SampleHost.Node;

/// <summary>One member of a cluster with its store: here, and only here, Coord's layers are put together.</summary>
internal sealed class CoordNode : IAsyncDisposable
{
    private const int EncodingSlackBytes = 64 << 10;

    private readonly Dictionary<NodeId, string> _names;
    private readonly KeyValueStateMachine _stateMachine;

    /// <param name="settings">What the node is to be.</param>
    /// <param name="loggerFactory">Where it logs.</param>
    /// <param name="wrap">Puts something between node and network; the demonstration cuts a cable this way.</param>
    /// <exception cref="HostException">The settings do not fit together.</exception>
    public CoordNode(
        HostSettings settings, ILoggerFactory loggerFactory, Func<IRaftTransport, IRaftTransport>? wrap = null)
    {
        Name = settings.Name;
        ClusterId = settings.Cluster.Id;
        _names = settings.Cluster.Members.ToDictionary(member => member.Id, member => member.Name);
        _stateMachine = new KeyValueStateMachine(new KeyValueOptions
        {
            QuotaBytes = settings.QuotaBytes,

            // As in etcd history goes when somebody says so, and by no number of writes.
            RetainedRevisions = 0,
            CompactionMode = settings.Compaction.Mode,
            CompactionRetention = settings.Compaction.Age,
            CompactionRetainedRevisions = settings.Compaction.Revisions,
            MaxTransactionOperations = settings.MaxTransactionOperations,
            WatchProgressInterval = settings.WatchProgressInterval,
            MinLeaseTimeToLive = TimeSpan.FromSeconds(Math.Ceiling(1.5 * settings.ElectionTimeout.TotalSeconds)),

            // etcd bounds a request and none of its parts. The API checks it as etcd counts; the store, which encodes
            // otherwise, must not be the stricter one.
            MaxRequestBytes = settings.MaxRequestBytes + EncodingSlackBytes,
            MaxValueBytes = settings.MaxRequestBytes,
            MaxKeyBytes = settings.MaxRequestBytes,
        });
        TcpTransportOptions tcp = Transport(settings);
        if (!settings.Admission.IsEmpty)
            tcp.Admission = new LearnerAdmission(settings.Admission, () => Raft!);
        IRaftTransport transport = new TcpTransport(tcp, TimeProvider.System, loggerFactory);
        Raft = new RaftNode(
            Options(settings), _stateMachine, wrap?.Invoke(transport) ?? transport, TimeProvider.System, loggerFactory);
        Store = new EmbeddedKeyValueStore(Raft, _stateMachine);
    }

    public string Name { get; }

    public ClusterId ClusterId { get; }

    public RaftNode Raft { get; }

    public EmbeddedKeyValueStore Store { get; }

    public RaftStatus Status => Raft.Status;

    /// <summary>The newest revision that this member has applied.</summary>
    public Revision Revision => _stateMachine.Status.Revision;

    /// <exception cref="CoordException">The directory, the peer port or a certificate cannot be used.</exception>
    /// <exception cref="HostException">The same, where a flag is to blame that Coord does not know of.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Raft.StartAsync(cancellationToken);
        }
        catch (TransportException exception)
        {
            throw HostException.CannotStart(
                $"{exception.Message} See --listen-peer-urls and the --peer- flags.", exception);
        }
    }

    /// <summary>Returns a member's name, or its id if it has told none and is not in the list that was given.</summary>
    public string NameOf(NodeId id)
    {
        string? told = Store.Members.FirstOrDefault(member => member.Id == id)?.Name;
        return !string.IsNullOrEmpty(told) ? told : _names.GetValueOrDefault(id) ?? $"{id.Value:x}";
    }

    /// <summary>Finds a member by name or id.</summary>
    public NodeId? Find(string nameOrId)
    {
        foreach (Member member in Status.Membership.Members)
        {
            if (NameOf(member.Id) == nameOrId)
                return member.Id;
        }

        return ulong.TryParse(nameOrId, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong value)
            ? new NodeId(value)
            : null;
    }

    /// <summary>How members reach each other, as the settings say.</summary>
    public static TcpTransportOptions Transport(HostSettings settings)
    {
        TcpTransportOptions options = new()
        {
            ListenAddress = settings.PeerListen.Authority,
            AdvertisedAddress = settings.Self.PeerUrls[0].Authority,
        };
        if (!settings.PeerListen.IsTls)
            return options;

        bool isAuto = !settings.PeerTls.HasCertificate;
        (string certFile, string keyFile) = isAuto
            ? SelfSignedCertificate.Ensure(settings.DataDirectory, "peer", settings.Self.PeerUrls)
            : (settings.PeerTls.CertFile, settings.PeerTls.KeyFile);
        options.Tls = new TlsOptions
        {
            CertificateFile = certFile,
            KeyFile = keyFile,
            TrustsAnyCertificate = isAuto,
        };
        if (settings.PeerTls.TrustedCaFile.Length > 0)
            options.Tls.TrustedCertificateFiles.Add(settings.PeerTls.TrustedCaFile);
        if (settings.PeerTls.CrlFile.Length > 0)
            options.Tls.RevocationListFiles.Add(settings.PeerTls.CrlFile);
        foreach (TlsCipherSuite suite in settings.CipherSuites)
            options.Tls.CipherSuites.Add(suite);

        return options;
    }

    public async ValueTask DisposeAsync() => await Raft.DisposeAsync();

    private static RaftOptions Options(HostSettings settings)
    {
        RaftOptions options = new()
        {
            ContinueInline = true, // Nothing here blocks.
            NodeId = settings.Self.Id,
            ClusterId = settings.Cluster.Id,
            DataDirectory = settings.DataDirectory,
            JoinExisting = settings.JoinExisting,
            ForceNewCluster = settings.ForceNewCluster,
            HeartbeatInterval = settings.HeartbeatInterval,
            ElectionTimeout = settings.ElectionTimeout,

            // As etcd counts it: what a healthy cluster needs, and the time to find a leader twice.
            RequestTimeout = TimeSpan.FromSeconds(5) + (2 * settings.ElectionTimeout),
            SnapshotEntries = settings.SnapshotEntries,
            MaxCommandBytes = Math.Clamp(settings.MaxRequestBytes + EncodingSlackBytes, 2 << 20, 8 << 20),
            PreVote = settings.PreVote,
        };
        foreach (ClusterMap.Entry member in settings.Cluster.Members.OrderBy(member => member.Id))
            options.InitialMembers.Add(new Member(member.Id, default, member.PeerUrls[0].Authority));

        return options;
    }
}
