using System.Net.Security;
using Coord.SampleHost.Cloud;
using Coord.Shared;

namespace Coord.SampleHost.Configuration;

/// <summary>What one node is to be, checked. Everything after this relies on it.</summary>
internal sealed record HostSettings
{
    private const long DefaultQuotaBytes = 2L << 30;

    private static readonly TimeSpan DefaultWatchProgressInterval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LeastWatchProgressInterval = TimeSpan.FromMilliseconds(100);

    public required string Name { get; init; }

    public required string DataDirectory { get; init; }

    public required ClusterMap Cluster { get; init; }

    /// <summary>This member's entry in <see cref="Cluster"/>.</summary>
    public required ClusterMap.Entry Self { get; init; }

    public required PortUrl PeerListen { get; init; }

    public required IReadOnlyList<PortUrl> ClientListen { get; init; }

    public required IReadOnlyList<PortUrl> ClientAdvertise { get; init; }

    /// <summary>Where metrics and health are served too, besides the client ports.</summary>
    public required IReadOnlyList<PortUrl> MetricsListen { get; init; }

    /// <summary>What both ports may be encrypted with; the system decides if it is empty.</summary>
    public required IReadOnlyList<TlsCipherSuite> CipherSuites { get; init; }

    /// <summary>How many calls a connection may have under way; the server's own bound if null.</summary>
    public required int? MaxConcurrentStreams { get; init; }

    /// <summary>The origins whose pages may read answers; any if it has an asterisk.</summary>
    public required IReadOnlyList<string> CorsOrigins { get; init; }

    public required TimeSpan WatchProgressInterval { get; init; }

    public required CertificateSettings ClientTls { get; init; }

    public required CertificateSettings PeerTls { get; init; }

    public required bool JoinExisting { get; init; }

    /// <summary>How to find the others, if not by <see cref="Cluster"/>.</summary>
    public required DiscoverySettings Discovery { get; init; }

    /// <summary>What nodes must know to be let in as learners; empty if nobody is.</summary>
    public ReadOnlyMemory<byte> Admission { get; init; }

    /// <summary>Whether to go on alone with the data, whoever else there was.</summary>
    public required bool ForceNewCluster { get; init; }

    /// <summary>Whether <see cref="Cluster"/> has its id from a flag, and nobody needs to be asked.</summary>
    public required bool HasClusterId { get; init; }

    public required TimeSpan HeartbeatInterval { get; init; }

    public required TimeSpan ElectionTimeout { get; init; }

    public required long SnapshotEntries { get; init; }

    public required long QuotaBytes { get; init; }

    public required int MaxRequestBytes { get; init; }

    public required int MaxTransactionOperations { get; init; }

    public required CompactionSettings Compaction { get; init; }

    public required bool PreVote { get; init; }

    public required bool StrictReconfigCheck { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required bool JsonLogs { get; init; }

    /// <summary>What a cloud-config said besides flags.</summary>
    public required CloudConfig Cloud { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    /// <exception cref="HostException">A value is wrong, or two do not fit together.</exception>
    public static HostSettings From(GivenValues values)
    {
        PortUrl[] peerListen = values.Urls("listen-peer-urls");
        PortUrl[] clientListen = values.Urls("listen-client-urls");
        if (peerListen.Length > 1)
            throw values.Wrong("listen-peer-urls", "names several addresses; Coord listens for members at one.");
        PortUrl[] metricsListen = values.Has("listen-metrics-urls") ? values.Urls("listen-metrics-urls") : [];
        foreach (PortUrl url in (PortUrl[])[.. peerListen, .. clientListen, .. metricsListen])
        {
            if (url.BindAddress() is null && url.Host != "localhost")
                throw HostException.Usage($"{url} cannot be listened at: give an IP address, such as 0.0.0.0.");
        }

        (ClusterMap cluster, ClusterMap.Entry self) = ReadCluster(values, peerListen[0]);
        return new HostSettings
        {
            Name = values["name"],
            DataDirectory = DataDirectoryOf(values),
            Cluster = cluster,
            Self = self,
            PeerListen = peerListen[0],
            ClientListen = clientListen,
            ClientAdvertise = values.Has("advertise-client-urls") ? values.Urls("advertise-client-urls") : clientListen,
            MetricsListen = metricsListen,
            CipherSuites = CipherSuiteNames.From(values),
            MaxConcurrentStreams = values.Number("max-concurrent-streams", 0, uint.MaxValue) is var streams and > 0
                ? (int)Math.Min(streams, int.MaxValue) : null,
            CorsOrigins = CorsOriginsOf(values),
            WatchProgressInterval = WatchProgressIntervalOf(values),
            ClientTls = CertificateSettings.From(
                values, "", [.. clientListen, .. metricsListen],
                metricsListen.Any(url => url.IsTls) ? "listen-metrics-urls" : "listen-client-urls"),
            PeerTls = PeerTlsOf(values, peerListen),
            JoinExisting = values.OneOf("initial-cluster-state", "new", "existing") == "existing",
            Discovery = DiscoverySettings.From(values),
            ForceNewCluster = values.Switch("force-new-cluster"),
            HasClusterId = values.Has("cluster-id"),
            HeartbeatInterval = TimeSpan.FromMilliseconds(values.Number("heartbeat-interval", 1, 10_000)),
            ElectionTimeout = ElectionTimeoutOf(values),
            SnapshotEntries = values.Number("snapshot-count", 1, long.MaxValue),
            QuotaBytes = values.Number("quota-backend-bytes", 0, long.MaxValue) is var quota and > 0
                ? quota : DefaultQuotaBytes,
            MaxRequestBytes = (int)values.Number("max-request-bytes", 1024, 8 << 20),
            MaxTransactionOperations = (int)values.Number("max-txn-ops", 1, 100_000),
            Compaction = CompactionSettings.From(values),
            PreVote = values.Switch("pre-vote"),
            StrictReconfigCheck = values.Switch("strict-reconfig-check"),
            LogLevel = LogLevelOf(values),
            JsonLogs = values.OneOf("log-format", "console", "json") == "json",
            Cloud = values.Cloud,
            Warnings = values.Warnings,
        };
    }

    private static string DataDirectoryOf(GivenValues values) =>
        Path.GetFullPath(values.Has("data-dir") ? values["data-dir"]
            : values.Has("name") ? $"{values["name"]}.coord"
            : "coord-data");

    private static string[] CorsOriginsOf(GivenValues values)
    {
        string[] origins =
            values["cors"].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string? wrong =
            origins.FirstOrDefault(origin => origin != "*" && !Uri.TryCreate(origin, UriKind.Absolute, out _));
        return wrong is not null
            ? throw values.Wrong("cors", $"has '{wrong}'; an origin is written as https://example.com, or * for any.")
            : origins;
    }

    private static TimeSpan WatchProgressIntervalOf(GivenValues values)
    {
        string flag = values.Has("watch-progress-notify-interval")
            ? "watch-progress-notify-interval" : "experimental-watch-progress-notify-interval";
        if (!GoDuration.TryParse(values[flag], out TimeSpan interval))
            throw values.Wrong(flag, $"is '{values[flag]}'; it takes a time such as 30s or 10m.");
        if (interval == TimeSpan.Zero)
            return DefaultWatchProgressInterval;
        if (interval >= LeastWatchProgressInterval)
            return interval;

        values.Warn($"{values.PlaceOf(flag)} is raised to 100 ms, as in etcd.");
        return LeastWatchProgressInterval;
    }

    private static (ClusterMap Cluster, ClusterMap.Entry Self) ReadCluster(GivenValues values, PortUrl peerListen)
    {
        string name = values["name"];
        bool advertises = values.Has("initial-advertise-peer-urls");
        PortUrl[] advertised = advertises ? values.Urls("initial-advertise-peer-urls") : [peerListen];
        string list = values.Has("initial-cluster")
            ? values["initial-cluster"]
            : string.Join(',', advertised.Select(url => $"{name}={url}"));

        string token = values.Has("discovery") ? values["discovery"] : values["initial-cluster-token"];
        ClusterMap cluster = ClusterMap.From(values, list, token);
        ClusterMap.Entry self = cluster.Members.FirstOrDefault(member => member.Name == name)
            ?? throw values.Wrong("initial-cluster", $"has no member '{name}', the name of this one (--name).");
        if (advertises && !advertised.ToHashSet().SetEquals(self.PeerUrls))
        {
            throw values.Wrong(
                "initial-advertise-peer-urls",
                $"is {string.Join(',', advertised.AsEnumerable())}, but --initial-cluster has "
                + $"{string.Join(',', self.PeerUrls)} for '{name}'.");
        }

        if (self.PeerUrls.Any(url => url.IsTls) != peerListen.IsTls)
        {
            throw values.Wrong(
                "listen-peer-urls", $"is {peerListen}, but the others reach this member by {self.PeerUrls[0]}.");
        }

        return (cluster, self);
    }

    private static CertificateSettings PeerTlsOf(GivenValues values, PortUrl[] peerListen)
    {
        CertificateSettings settings = CertificateSettings.From(values, "peer-", peerListen, "listen-peer-urls");
        if (!peerListen[0].IsTls)
            return settings;

        if (settings.AutoTls && !settings.HasCertificate)
        {
            values.Warn(
                $"{values.PlaceOf("peer-auto-tls")} encrypts, but any member trusts any certificate: whoever reaches "
                + "the peer port can pass for a member. Use it where nobody else can, or give --peer-cert-file, "
                + "--peer-key-file and --peer-trusted-ca-file.");
        }
        else if (settings.TrustedCaFile.Length == 0)
        {
            throw values.Wrong("listen-peer-urls", "has an https URL; --peer-trusted-ca-file is needed for it.");
        }

        return settings;
    }

    private static TimeSpan ElectionTimeoutOf(GivenValues values)
    {
        long heartbeat = values.Number("heartbeat-interval", 1, 10_000);
        long election = values.Number("election-timeout", 5, 50_000);
        if (election < 5 * heartbeat)
        {
            throw values.Wrong(
                "election-timeout",
                $"is {election} ms; it must be at least five times the heartbeat interval of {heartbeat} ms.");
        }

        return TimeSpan.FromMilliseconds(election);
    }

    private static LogLevel LogLevelOf(GivenValues values) => values.Switch("debug")
        ? LogLevel.Debug
        : values.OneOf("log-level", "debug", "info", "warn", "error", "panic", "fatal") switch
        {
            "debug" => LogLevel.Debug,
            "info" => LogLevel.Information,
            "warn" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => LogLevel.Critical,
        };
}
