using System.CommandLine;
using Coord.Cli.Output;
using Coord.Client;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Cli.Commands;

/// <summary>alarm, defrag and move-leader.</summary>
public static class MaintenanceCommands
{
    public static IEnumerable<Command> All(VerbFactory verbs) =>
    [
        VerbFactory.Group("alarm", "Works with alarms", ListAlarms(verbs), Disarm(verbs)),
        Defragment(verbs),
        MoveLeader(verbs),
    ];

    private static Report Describe(Context context, IReadOnlyList<Alarm> alarms)
    {
        Report report = new() { Columns = ["member", "alarm"] };
        Printer.AddHeader(report, context.Header);
        foreach (Alarm alarm in alarms)
        {
            string kind = alarm.Kind switch
            {
                AlarmKind.NoSpace => "NOSPACE",
                AlarmKind.Corrupt => "CORRUPT",
                _ => "NONE",
            };
            report.Line($"memberID:{alarm.Member.Value} alarm:{kind} ")
                .Field("MemberID", alarm.Member.Value).Field("AlarmType", kind);
            report.Rows.Add([$"{alarm.Member.Value:x}", kind]);
        }

        report.Json = json =>
        {
            Printer.WriteHeader(json, context.Header);
            if (alarms.Count == 0)
                return;

            json.WriteStartArray("alarms");
            foreach (Alarm alarm in alarms)
            {
                json.WriteStartObject();
                json.WriteNumber("memberID", alarm.Member.Value);
                json.WriteNumber("alarm", (int)alarm.Kind);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        };
        return report;
    }

    private static Command ListAlarms(VerbFactory verbs)
    {
        return verbs.Create("list", "Lists the alarms that are on", async (context, cancellationToken) =>
        {
            context.Printer.Print(
                Describe(context, await context.Client.Maintenance.ListAlarmsAsync(cancellationToken)));
            return ExitCode.Done;
        });
    }

    private static Command Disarm(VerbFactory verbs)
    {
        return verbs.Create("disarm", "Disarms all alarms", async (context, cancellationToken) =>
        {
            List<Alarm> disarmed = [];
            foreach (Alarm alarm in await context.Client.Maintenance.ListAlarmsAsync(cancellationToken))
                disarmed.AddRange(await context.Client.Maintenance.DisarmAlarmAsync(alarm, cancellationToken));
            context.Printer.Print(Describe(context, disarmed));
            return ExitCode.Done;
        });
    }

    private static Command Defragment(VerbFactory verbs)
    {
        Option<bool> cluster = EndpointCommands.Cluster();
        Option<string?> directory = new("--data-dir")
        {
            Description = "A directory that no member uses: Coord's never need it",
        };
        return verbs.Create("defrag", "Gives space back that members do not use", RunAsync, cluster, directory);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            if (context.Get(directory) is { Length: > 0 } path)
            {
                if (!Directory.Exists(path))
                    throw new UsageException($"There is no directory {path}.");

                context.Printer.Print(new Report().Line(
                    $"{path} has nothing to give back: a snapshot is written anew each time, and what the log does not "
                    + "need is used again."));
                return ExitCode.Done;
            }

            return await EndpointCommands.ForEachAsync(context, context.Get(cluster), async (endpoint, client) =>
            {
                await client.Maintenance.DefragmentAsync(null, cancellationToken);
                context.Printer.Print(new Report().Line($"Finished defragmenting etcd member[{endpoint}]"));
            }, cancellationToken);
        }
    }

    private static Command MoveLeader(VerbFactory verbs)
    {
        Argument<string> id = new("member");
        return verbs.Create("move-leader", "Hands the leadership to another member", RunAsync, id);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            NodeId target = MemberCommands.Member(context.Get(id));
            foreach (string endpoint in context.Client.Endpoints)
            {
                MemberStatus status = await context.Client.Maintenance.GetStatusAsync(endpoint, cancellationToken);
                if (status.Leader != status.Header.Member)
                    continue;

                await context.Client.Maintenance.MoveLeaderAsync(target, endpoint, cancellationToken);
                string line = $"Leadership transferred from {status.Leader.Value:x} to {target.Value:x}";
                Report report = new() { Json = json => Printer.WriteHeader(json, context.Header) };
                context.Printer.Print(report.Line(line));
                return ExitCode.Done;
            }

            throw new UsageException(
                $"No endpoint given is the leader's: {string.Join(", ", context.Client.Endpoints)}. Add it to "
                + "--endpoints.");
        }
    }
}
