using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Coord.Cli.Output;
using Coord.Client;
using Coord.Raft;

namespace Coord.Cli.Commands;

/// <summary>member list, add, remove, update and promote.</summary>
public static class MemberCommands
{
    public static Command Create(VerbFactory verbs) => VerbFactory.Group(
        "member", "Works with the membership", List(verbs), Add(verbs), Remove(verbs), Update(verbs), Promote(verbs));

    public static NodeId Member(string text) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong id)
            ? new(id) : throw new UsageException($"'{text}' is no member: use the id that member list shows.");

    private static string Id(NodeId member) => member.Value.ToString("x", CultureInfo.InvariantCulture);

    private static Command List(VerbFactory verbs)
    {
        Option<string> consistency = new("--consistency")
        {
            Description = "l (linearizable) or s (what the member knows)",
            DefaultValueFactory = _ => "l",
        };
        return verbs.Create("list", "Lists the members", RunAsync, consistency);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            bool linearizable = !KeyCommands.IsSerializable(context.Get(consistency));
            IReadOnlyList<ClusterMember> members =
                await context.Client.Cluster.ListAsync(linearizable, cancellationToken);
            Report report = new() { Columns = ["id", "state", "name", "peers", "clients", "learner"] };
            Printer.AddHeader(report, context.Header);
            foreach (ClusterMember member in members)
            {
                string[] row =
                [
                    Id(member.Id), member.Name.Length > 0 ? "started" : "unstarted", member.Name,
                    string.Join(',', member.PeerUrls), string.Join(',', member.ClientUrls),
                    member.IsLearner ? "true" : "false",
                ];
                report.Line(string.Join(", ", row));
                report.Rows.Add(row);
                report.Field("ID", member.Id.Value).Field("Name", member.Name);
                foreach (string url in member.PeerUrls)
                    report.Field("PeerURL", url);
                foreach (string url in member.ClientUrls)
                    report.Field("ClientURL", url);
                report.Field("IsLearner", member.IsLearner);
            }

            report.Json = json => Write(json, context, members);
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }

    private static void Write(Utf8JsonWriter json, Context context, IReadOnlyList<ClusterMember> members)
    {
        Printer.WriteHeader(json, context.Header);
        json.WriteStartArray("members");
        foreach (ClusterMember member in members)
        {
            json.WriteStartObject();
            json.WriteNumber("ID", member.Id.Value);
            if (member.Name.Length > 0)
                json.WriteString("name", member.Name);
            Urls(json, "peerURLs", member.PeerUrls);
            Urls(json, "clientURLs", member.ClientUrls);
            if (member.IsLearner)
                json.WriteBoolean("isLearner", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Urls(Utf8JsonWriter json, string name, IReadOnlyList<string> urls)
    {
        if (urls.Count == 0)
            return;

        json.WriteStartArray(name);
        foreach (string url in urls)
            json.WriteStringValue(url);
        json.WriteEndArray();
    }

    private static Option<string> PeerUrls() => new("--peer-urls")
    {
        Description = "Where the others reach it, separated by commas",
        Required = true,
    };

    private static string[] Split(string urls) =>
        [.. urls.Split(',').Select(url => Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed)
            && parsed.Scheme is "http" or "https" ? url
            : throw new UsageException($"--peer-urls has '{url}'; use URLs such as http://10.0.0.4:2380."))];

    private static void Done(Context context, string line)
    {
        Report report = new Report().Line(line);
        Printer.AddHeader(report, context.Header);
        report.Json = json => Printer.WriteHeader(json, context.Header);
        context.Printer.Print(report);
    }

    private static string Of(Context context) =>
        context.Header.ClusterId.Value.ToString("x16", CultureInfo.InvariantCulture);

    private static Command Add(VerbFactory verbs)
    {
        Argument<string> name = new("name");
        Option<string> urls = PeerUrls();
        Option<bool> learner = new("--learner") { Description = "Without a vote until it is promoted" };
        return verbs.Create("add", "Adds a member; start its process afterwards", RunAsync, name, urls, learner);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            ClusterMember added = await context.Client.Cluster.AddAsync(
                Split(context.Get(urls)), context.Get(learner), cancellationToken);
            string cluster = Of(context);
            IReadOnlyList<ClusterMember> all = await context.Client.Cluster.ListAsync(false, cancellationToken);
            string initial = string.Join(',', all.SelectMany(member => member.PeerUrls.Select(
                url => $"{(member.Id == added.Id ? context.Get(name) : member.Name)}={url}")));
            Done(context, $"""
                Member {Id(added.Id),16} added to cluster {cluster}

                ETCD_NAME="{context.Get(name)}"
                ETCD_INITIAL_CLUSTER="{initial}"
                ETCD_INITIAL_ADVERTISE_PEER_URLS="{string.Join(',', added.PeerUrls)}"
                ETCD_INITIAL_CLUSTER_STATE="existing"
                """);
            return ExitCode.Done;
        }
    }

    private static Command Remove(VerbFactory verbs)
    {
        Argument<string> id = new("member");
        return verbs.Create("remove", "Removes a member for good", RunAsync, id);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            NodeId member = Member(context.Get(id));
            await context.Client.Cluster.RemoveAsync(member, cancellationToken);
            Done(context, $"Member {Id(member),16} removed from cluster {Of(context)}");
            return ExitCode.Done;
        }
    }

    private static Command Update(VerbFactory verbs)
    {
        Argument<string> id = new("member");
        Option<string> urls = PeerUrls();
        return verbs.Create("update", "Changes where the others reach a member", RunAsync, id, urls);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            NodeId member = Member(context.Get(id));
            await context.Client.Cluster.UpdateAsync(member, Split(context.Get(urls)), cancellationToken);
            Done(context, $"Member {Id(member),16} updated in cluster {Of(context)}");
            return ExitCode.Done;
        }
    }

    private static Command Promote(VerbFactory verbs)
    {
        Argument<string> id = new("member");
        return verbs.Create("promote", "Gives a learner its vote", RunAsync, id);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            NodeId member = Member(context.Get(id));
            await context.Client.Cluster.PromoteAsync(member, cancellationToken);
            Done(context, $"Member {Id(member),16} promoted in cluster {Of(context)}");
            return ExitCode.Done;
        }
    }
}
