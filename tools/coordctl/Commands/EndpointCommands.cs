using System.CommandLine;
using System.Globalization;
using Coord.Cli.Output;
using Coord.Client;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Cli.Commands;

/// <summary>endpoint health, status and hashkv: each member is asked by itself.</summary>
public static class EndpointCommands
{
    public static Command Create(VerbFactory verbs)
    {
        // As in etcdctl it may stand before the verb, too.
        Option<bool> cluster = Cluster();
        cluster.Recursive = true;
        return VerbFactory.Group(
            "endpoint", "Asks each endpoint", cluster, Health(verbs, cluster), Status(verbs, cluster),
            Hash(verbs, cluster));
    }

    /// <summary>Each endpoint of the command line; or each that the cluster lists.</summary>
    public static async Task<IReadOnlyList<string>> EndpointsAsync(
        Context context, bool cluster, CancellationToken cancellationToken) => cluster
        ? [.. (await context.Client.Cluster.ListAsync(true, cancellationToken)).SelectMany(member => member.ClientUrls)]
        : context.Client.Endpoints;

    /// <summary>Runs something at each endpoint; what fails is printed, and the others go on.</summary>
    public static async Task<int> ForEachAsync(
        Context context,
        bool cluster,
        Func<string, CoordClient, Task> run,
        CancellationToken cancellationToken)
    {
        int code = ExitCode.Done;
        foreach (string endpoint in await EndpointsAsync(context, cluster, cancellationToken))
        {
            try
            {
                await using CoordClient client = context.ClientOf(endpoint);
                await run(endpoint, client);
            }
            catch (CoordException exception)
            {
                code = ExitCode.Failed;
                await context.Terminal.Errors.WriteLineAsync(
                    $"Failed at the endpoint {endpoint} ({exception.Message})");
            }
        }

        return code;
    }

    public static Option<bool> Cluster() =>
        new("--cluster") { Description = "Ask every member that the cluster lists" };

    /// <summary>A size for people, as etcdctl rounds it: 9.5 kB, 33 kB.</summary>
    public static string Size(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        double size = bytes;
        int unit = 0;
        for (; size >= 1000 && unit < units.Length - 1; unit++)
            size /= 1000;
        return size.ToString(unit > 0 && size < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    private static Command Health(VerbFactory verbs, Option<bool> cluster)
    {
        return verbs.Create("health", "Tells whether members can commit", RunAsync);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            Report report = new() { Columns = ["endpoint", "healthy", "took", "error"] };
            List<(string Endpoint, bool IsHealthy, string Took, string Error)> all = [];
            foreach (string endpoint in await EndpointsAsync(context, context.Get(cluster), cancellationToken))
            {
                long start = TimeProvider.System.GetTimestamp();
                string error = "";
                try
                {
                    await using CoordClient client = context.ClientOf(endpoint);
                    await client.GetAsync("health", cancellationToken);
                }
                catch (CoordException exception)
                {
                    error = exception.Message;
                }

                double took = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
                all.Add((endpoint, error.Length == 0, string.Create(CultureInfo.InvariantCulture, $"{took:0.###}ms"),
                    error));
            }

            foreach ((string endpoint, bool isHealthy, string took, string error) in all)
            {
                report.Line(isHealthy
                    ? $"{endpoint} is healthy: successfully committed proposal: took = {took}"
                    : $"{endpoint} is unhealthy: failed to commit proposal: {error}");
                report.Field("Health", isHealthy).Field("Took", took).Field("Error", error);
                report.Rows.Add([endpoint, isHealthy ? "true" : "false", took, error]);
            }

            report.IsJsonArray = true;
            report.Json = json =>
            {
                foreach ((string endpoint, bool isHealthy, string took, string error) in all)
                {
                    json.WriteStartObject();
                    json.WriteString("endpoint", endpoint);
                    json.WriteBoolean("health", isHealthy);
                    json.WriteString("took", took);
                    if (error.Length > 0)
                        json.WriteString("error", error);
                    json.WriteEndObject();
                }
            };
            context.Printer.Print(report);
            return all.TrueForAll(one => one.IsHealthy) ? ExitCode.Done : ExitCode.Failed;
        }
    }

    private static Command Status(VerbFactory verbs, Option<bool> cluster)
    {
        return verbs.Create("status", "Tells how members are", RunAsync);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            List<(string Endpoint, MemberStatus Status)> all = [];
            int code = await ForEachAsync(context, context.Get(cluster), async (endpoint, client) =>
                all.Add((endpoint, await client.Maintenance.GetStatusAsync(null, cancellationToken))),
                cancellationToken);
            Report report = new()
            {
                Columns =
                [
                    "endpoint", "id", "version", "db size", "leader", "learner", "term", "index", "applied", "errors",
                ],
            };
            foreach ((string endpoint, MemberStatus status) in all)
                AddStatus(report, endpoint, status);
            report.IsJsonArray = true;
            report.Json = json =>
            {
                foreach ((string endpoint, MemberStatus status) in all)
                {
                    json.WriteStartObject();
                    json.WriteString("Endpoint", endpoint);
                    json.WriteStartObject("Status");
                    Printer.WriteHeader(json, status.Header);
                    json.WriteString("version", status.Version);
                    json.WriteNumber("dbSize", status.StoredBytes);
                    json.WriteNumber("leader", status.Leader.Value);
                    json.WriteNumber("raftIndex", status.LastIndex.Value);
                    json.WriteNumber("raftTerm", status.Term.Value);
                    json.WriteNumber("raftAppliedIndex", status.AppliedIndex.Value);
                    json.WriteNumber("dbSizeInUse", status.UsedBytes);
                    json.WriteEndObject();
                    json.WriteEndObject();
                }
            };
            context.Printer.Print(report);
            return code;
        }
    }

    private static void AddStatus(Report report, string endpoint, MemberStatus status)
    {
        string id = status.Header.Member.Value.ToString("x", CultureInfo.InvariantCulture);
        string[] row =
        [
            endpoint, id, status.Version, Size(status.StoredBytes),
            status.Leader == status.Header.Member ? "true" : "false", status.IsLearner ? "true" : "false",
            $"{status.Term.Value}", $"{status.LastIndex.Value}", $"{status.AppliedIndex.Value}",
            string.Join("; ", status.Errors),
        ];
        report.Line(string.Join(", ", row));
        report.Rows.Add(row);
        Printer.AddHeader(report, status.Header);
        report.Field("Version", status.Version).Field("DBSize", status.StoredBytes)
            .Field("Leader", status.Leader.Value).Field("IsLearner", status.IsLearner)
            .Field("RaftIndex", status.LastIndex.Value).Field("RaftTerm", status.Term.Value)
            .Field("RaftAppliedIndex", status.AppliedIndex.Value).Field("Endpoint", endpoint);
    }

    private static Command Hash(VerbFactory verbs, Option<bool> cluster)
    {
        Option<long> revision = new("--rev") { Description = "Up to which revision [the present one]" };
        return verbs.Create("hashkv", "Computes the checksums of members' copies", RunAsync, revision);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            List<(string Endpoint, KeyValueHash Hash)> all = [];
            int code = await ForEachAsync(context, context.Get(cluster), async (endpoint, client) =>
                all.Add((endpoint, await client.Maintenance.HashAsync(
                    new(context.Get(revision)), null, cancellationToken))),
                cancellationToken);
            Report report = new() { Columns = ["endpoint", "hash", "up to revision", "compacted"] };
            foreach ((string endpoint, KeyValueHash hash) in all)
            {
                report.Line($"{endpoint}, {hash.Hash}").Field("Hash", hash.Hash).Field("Endpoint", endpoint);
                report.Rows.Add(
                    [endpoint, $"{hash.Hash}", $"{hash.HashRevision.Value}", $"{hash.CompactedRevision.Value}"]);
            }

            report.IsJsonArray = true;
            report.Json = json =>
            {
                foreach ((string endpoint, KeyValueHash hash) in all)
                {
                    json.WriteStartObject();
                    json.WriteString("Endpoint", endpoint);
                    json.WriteStartObject("HashKV");
                    json.WriteNumber("hash", hash.Hash);
                    Printer.Number(json, "compact_revision", hash.CompactedRevision.Value);
                    json.WriteEndObject();
                    json.WriteEndObject();
                }
            };
            context.Printer.Print(report);
            return code;
        }
    }
}
