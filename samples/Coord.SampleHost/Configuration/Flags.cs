using System.Reflection;
using System.Text;

namespace Coord.SampleHost.Configuration;

/// <summary>All flags, in the order of the help.</summary>
internal static class Flags
{
    private const string Member = "Member";
    private const string Cluster = "Cluster";
    private const string ClientTls = "Certificates for clients (for https:// client URLs)";
    private const string PeerTls = "Certificates between members (for https:// peer URLs)";
    private const string Output = "Configuration and output";

    /// <summary>
    /// What etcd's scripts and its sample configuration file set and Coord has no counterpart for. A switch ends with
    /// an equals sign here, because the parser must know that no value follows it.
    /// </summary>
    private const string IgnoredNames =
        "auth-token auth-token-ttl backend-batch-interval "
        + "backend-batch-limit bcrypt-cost client-cert-allowed-hostname compaction-batch-limit "
        + "compaction-sleep-interval corrupt-check-time discovery-proxy "
        + "enable-grpc-gateway= enable-log-rotation= enable-pprof= enable-v2= "
        + "feature-gates grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout "
        + "host-whitelist initial-election-tick-advance= listen-client-http-urls log-output "
        + "log-outputs log-package-levels log-rotation-config-json logger max-learners "
        + "max-snapshots max-wals metrics peer-cert-allowed-cn peer-cert-allowed-hostname proxy "
        + "proxy-dial-timeout proxy-failure-wait proxy-read-timeout proxy-refresh-interval proxy-write-timeout "
        + "self-signed-cert-validity snapshot-catchup-entries socket-reuse-address= socket-reuse-port= "
        + "tls-max-version tls-min-version unsafe-no-fsync= v2-deprecation wal-dir "
        + "warning-apply-duration warning-unary-request-duration "
        + ExperimentalNames;

    private const string ExperimentalNames =
        "experimental-backend-bbolt-freelist-type experimental-bootstrap-defrag-threshold-megabytes "
        + "experimental-compact-hash-check-enabled= experimental-compact-hash-check-time "
        + "experimental-compaction-batch-limit experimental-compaction-sleep-interval "
        + "experimental-corrupt-check-time experimental-distributed-tracing-address "
        + "experimental-distributed-tracing-instance-id experimental-distributed-tracing-sampling-rate "
        + "experimental-distributed-tracing-service-name experimental-downgrade-check-time "
        + "experimental-enable-distributed-tracing= experimental-enable-lease-checkpoint= "
        + "experimental-enable-lease-checkpoint-persist= experimental-enable-v2v3 "
        + "experimental-initial-corrupt-check= experimental-max-learners experimental-memory-mlock= "
        + "experimental-peer-skip-client-san-verification= experimental-set-member-localaddr= "
        + "experimental-snapshot-catchup-entries experimental-stop-grpc-service-on-defrag= "
        + "experimental-txn-mode-write-with-shared-buffer= experimental-wait-cluster-ready-timeout "
        + "experimental-warning-apply-duration experimental-warning-unary-request-duration";

    private static readonly Flag[] Known =
    [
        Text("name", Member, "a name for this member, unique in the cluster", "default"),
        Text("data-dir", Member, "for log and snapshots; ./coord-data, or <name>.coord if --name is given"),
        Text("listen-peer-urls", Member, "where to listen for the other members", "http://127.0.0.1:2380"),
        Text("listen-client-urls", Member, "where to listen for clients, comma-separated", "http://127.0.0.1:2379"),
        Text("heartbeat-interval", Member, "how often a leader shows that it is alive, in milliseconds", "100"),
        Text("election-timeout", Member, "how long to do without a leader before campaigning, in milliseconds", "1000"),
        Text("snapshot-count", Member, "after how many applied entries a snapshot is taken", "100000"),
        Text("quota-backend-bytes", Member, "how much the store may hold; 0 means the default of 2 GiB", "0"),
        Text("auto-compaction-mode", Member, "how to count retention, periodic or revision", "periodic"),
        Text("auto-compaction-retention", Member, "history to keep: hours, or 30m, or revisions; 0 keeps all", "0"),
        Text("max-txn-ops", Member, "how many operations a transaction may have", "128"),
        Text("max-request-bytes", Member, "how large a key and its value may be together", "1572864"),
        Text("max-concurrent-streams", Member, "how many calls a connection may have under way; 0 is the default", "0"),
        Text("experimental-watch-progress-notify-interval", Member, "how often quiet watches report progress", "10m"),
        Text("watch-progress-notify-interval", Member, "the same"),
        Text("listen-metrics-urls", Member, "where else to serve /metrics and /health, comma-separated"),
        Text("cors", Member, "origins whose pages may read answers, comma-separated; * is any", "*"),
        Switch("pre-vote", Member, "ask before campaigning, so that a returning member disturbs nobody", "true"),

        Text("initial-advertise-peer-urls", Cluster, "where the other members reach this one; as in --initial-cluster"),
        Text("advertise-client-urls", Cluster, "where clients reach this member; as --listen-client-urls if not given"),
        Text("initial-cluster", Cluster, "all members: n1=http://host:2380,n2=...; this one alone if not given"),
        Text("initial-cluster-state", Cluster, "'new', or 'existing' to join one that this member was added to", "new"),
        Text("initial-cluster-token", Cluster, "tells clusters apart that have the same addresses", "etcd-cluster"),
        Text("discovery", Cluster, "find the other members by this token: a URL from 'coordctl discovery new'"),
        Text("discovery-fallback", Cluster, "if the cluster is full: exit, or join as a learner", "exit"),
        Text("discovery-cacert", Cluster, "the authorities by which an https:// discovery service is trusted, PEM"),
        Text("discovery-srv", Cluster, "find the other members by the SRV records of this domain"),
        Text("discovery-srv-name", Cluster, "a suffix of the service's name in those records"),
        Text("discovery-dns", Cluster, "find the other members by the addresses behind this name"),
        Text("discovery-dns-count", Cluster, "how many addresses are to be behind it"),
        Switch("force-new-cluster", Cluster, "go on alone with the data that is here, as a new cluster"),
        Switch("strict-reconfig-check", Cluster, "refuse to change members while too few have started", "true"),
        Text("discovery-creation-secret", Cluster, "what creators of tokens at /discovery/new must send, if anything"),
        Text("cluster-id", Cluster, "the id of the existing cluster, in hexadecimal, if its members have changed"),

        Text("cert-file", ClientTls, "the server certificate, PEM"),
        Text("key-file", ClientTls, "its private key, PEM"),
        Switch("client-cert-auth", ClientTls, "accept only clients with a certificate of --trusted-ca-file"),
        Text("trusted-ca-file", ClientTls, "the authorities whose client certificates are accepted, PEM"),
        Text("client-crl-file", ClientTls, "a list of revoked client certificates, PEM or DER"),
        Text("cipher-suites", ClientTls, "by name, comma-separated, for both ports; TLS 1.3's own are always there"),
        Switch("auto-tls", ClientTls, "use a self-signed certificate, made in the data directory"),

        Text("peer-cert-file", PeerTls, "this member's certificate, PEM; presented in both directions"),
        Text("peer-key-file", PeerTls, "its private key, PEM"),
        Switch("peer-client-cert-auth", PeerTls, "always on in Coord: members show each other their certificates"),
        Text("peer-trusted-ca-file", PeerTls, "the authorities whose member certificates are accepted, PEM"),
        Text("peer-crl-file", PeerTls, "a list of revoked member certificates, PEM or DER"),
        Switch("peer-auto-tls", PeerTls, "use a self-signed certificate and trust any: encrypts, proves nothing"),

        Text("config-file", Output, "read everything from this YAML file; other flags and variables are then ignored"),
        Text("cloud-config", Output, "read what a CoreOS machine was told, '#cloud-config'; flags and variables win"),
        Text("log-level", Output, "debug, info, warn, error, panic or fatal", "info"),
        Switch("debug", Output, "the same as --log-level=debug"),
        Text("log-format", Output, "'console' or 'json', on stderr", "console"),
        Switch("version", Output, "print the version"),
        Switch("help", Output, "print this"),
    ];

    public static IReadOnlyList<Flag> All { get; } =
        [.. Known, .. IgnoredNames.Split(' ').Select(name => new Flag(name.TrimEnd('='), "", "")
        {
            IsSwitch = name.EndsWith('='),
            IsIgnored = true,
        })];

    /// <summary>The version without what identifies the build.</summary>
    public static string Version { get; } = typeof(Flags).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>The version of etcd's protocol that clients are told, without the last part.</summary>
    public const string EtcdVersion = "3.4";

    public static Flag? Find(string name) => All.FirstOrDefault(flag => flag.Name == name);

    /// <summary>Finds the flag that was probably meant, or null if nothing is near.</summary>
    public static Flag? Nearest(string name)
    {
        Flag nearest = All.Where(flag => !flag.IsIgnored).MinBy(flag => Distance(name, flag.Name))!;
        return Distance(name, nearest.Name) <= Math.Max(2, name.Length / 3) ? nearest : null;
    }

    public static string Help()
    {
        StringBuilder text = new();
        text.AppendLine("coord-host runs one Coord node. It takes etcd's flags, in etcd's formats.");
        text.AppendLine();
        text.AppendLine("  coord-host [flags]    run a node; without flags a single one, with data in ./coord-data");
        text.AppendLine("  coord-host demo       see three nodes in one process lose their leader and recover");
        foreach (IGrouping<string, Flag> group in Known.GroupBy(flag => flag.Group))
        {
            text.AppendLine().AppendLine($"{group.Key}:");
            foreach (Flag flag in group)
            {
                string value = flag.Default.Length == 0 ? "" : $" (default {flag.Default})";
                text.AppendLine($"  --{flag.Name,-29}{flag.Help}{value}");
            }
        }

        text.AppendLine();
        text.AppendLine("A flag can be given as --flag value, --flag=value or -flag value, or as a variable of the");
        text.AppendLine("environment, COORD_DATA_DIR or ETCD_DATA_DIR. A flag wins over COORD_, and that over ETCD_.");
        text.AppendLine();
        text.AppendLine("Exit codes: 0 ended as asked, 1 could not start, 2 wrong flag, 3 stopped by itself,");
        text.AppendLine("4 the member was removed from its cluster.");
        return text.ToString();
    }

    /// <summary>The Levenshtein distance: how many letters to insert, drop or replace.</summary>
    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int[] current = new int[b.Length + 1];
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, 1 + Math.Min(previous[j], current[j - 1]));
            }

            previous = current;
        }

        return previous[b.Length];
    }

    private static Flag Text(string name, string group, string help, string value = "") =>
        new(name, group, help) { Default = value };

    private static Flag Switch(string name, string group, string help, string value = "false") =>
        new(name, group, help) { Default = value, IsSwitch = true };
}
