using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Coord.Cli.Output;
using Coord.Kv;

namespace Coord.Cli.Commands;

/// <summary>lease grant, revoke, timetolive, list and keep-alive.</summary>
public static class LeaseCommands
{
    public static Command Create(VerbFactory verbs) => VerbFactory.Group(
        "lease", "Works with leases", Grant(verbs), Revoke(verbs), TimeToLive(verbs), List(verbs), KeepAlive(verbs));

    private static long Seconds(TimeSpan time) => (long)time.TotalSeconds;

    /// <summary>Where etcdctl has the header's fields among the answer's own.</summary>
    private static void WriteFlatHeader(Utf8JsonWriter json, Context context)
    {
        json.WriteNumber("cluster_id", context.Header.ClusterId.Value);
        json.WriteNumber("member_id", context.Header.Member.Value);
        json.WriteNumber("revision", context.Header.Revision.Value);
        json.WriteNumber("raft_term", context.Header.Term.Value);
    }

    private static Command Grant(VerbFactory verbs)
    {
        Argument<long> seconds = new("ttl") { Description = "How many seconds it lives without a keep-alive" };
        return verbs.Create("grant", "Grants a lease", RunAsync, seconds);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            LeaseGrant grant = await context.Store.GrantLeaseAsync(
                TimeSpan.FromSeconds(context.Get(seconds)), default, cancellationToken);
            Report report = new Report().Line($"lease {grant.Id} granted with TTL({Seconds(grant.TimeToLive)}s)");
            Printer.AddHeader(report, context.Header);
            report.Field("ID", grant.Id.Value).Field("TTL", Seconds(grant.TimeToLive));
            report.Json = json =>
            {
                Printer.WriteHeader(json, context.Header);
                json.WriteNumber("ID", grant.Id.Value);
                json.WriteNumber("TTL", Seconds(grant.TimeToLive));
            };
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }

    private static Command Revoke(VerbFactory verbs)
    {
        Argument<string> id = new("lease");
        return verbs.Create("revoke", "Ends a lease and deletes its keys", RunAsync, id);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            LeaseId lease = Context.Lease(context.Get(id));
            await context.Store.RevokeLeaseAsync(lease, cancellationToken);
            Report report = new Report().Line($"lease {lease} revoked");
            Printer.AddHeader(report, context.Header);
            report.Json = json => Printer.WriteHeader(json, context.Header);
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }

    private static Command TimeToLive(VerbFactory verbs)
    {
        Argument<string> id = new("lease");
        Option<bool> keys = new("--keys") { Description = "Print the attached keys too" };
        return verbs.Create("timetolive", "Tells what a lease has left", RunAsync, id, keys);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            LeaseId lease = Context.Lease(context.Get(id));
            LeaseStatus? status = await context.Store.GetLeaseAsync(lease, context.Get(keys), cancellationToken);
            long left = status is null ? -1 : Seconds(status.Remaining);
            Report report = new();
            if (status is null)
            {
                report.Line($"lease {lease} already expired");
            }
            else
            {
                string line = $"lease {lease} granted with TTL({Seconds(status.GrantedTimeToLive)}s), "
                    + $"remaining({left}s)";
                report.Line(context.Get(keys)
                    ? $"{line}, attached keys([{string.Join(' ', status.Keys.Select(context.Printer.Text))}])" : line);
            }

            Printer.AddHeader(report, context.Header);
            report.Field("ID", lease.Value).Field("TTL", left)
                .Field("GrantedTTL", Seconds(status?.GrantedTimeToLive ?? default));
            foreach (ReadOnlyMemory<byte> key in status?.Keys ?? [])
                report.Field("Key", context.Printer.Text(key));
            report.Json = json => Write(json, context, lease, left, status);
            context.Printer.Print(report);
            return ExitCode.Done;
        }

        static void Write(Utf8JsonWriter json, Context context, LeaseId lease, long left, LeaseStatus? status)
        {
            WriteFlatHeader(json, context);
            json.WriteNumber("id", lease.Value);
            json.WriteNumber("ttl", left);
            json.WriteNumber("granted-ttl", Seconds(status?.GrantedTimeToLive ?? default));
            if (status is not { Keys.Count: > 0 })
            {
                json.WriteNull("keys");
                return;
            }

            json.WriteStartArray("keys");
            foreach (ReadOnlyMemory<byte> key in status.Keys)
                json.WriteBase64StringValue(key.Span);
            json.WriteEndArray();
        }
    }

    private static Command List(VerbFactory verbs)
    {
        return verbs.Create("list", "Lists the leases", RunAsync);

        static async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            IReadOnlyList<LeaseId> leases = await context.Store.ListLeasesAsync(cancellationToken);
            Report report = new Report().Line($"found {leases.Count} leases");
            report.Columns = ["lease"];
            Printer.AddHeader(report, context.Header);
            foreach (LeaseId lease in leases)
            {
                report.Line(lease.ToString()).Field("ID", lease.Value);
                report.Rows.Add([lease.ToString()]);
            }

            report.Json = json =>
            {
                WriteFlatHeader(json, context);
                json.WriteStartArray("leases");
                foreach (LeaseId lease in leases)
                {
                    json.WriteStartObject();
                    json.WriteNumber("id", lease.Value);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            };
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }

    private static Command KeepAlive(VerbFactory verbs)
    {
        Argument<string> id = new("lease");
        Option<bool> once = new("--once") { Description = "Renew it once, and not until interrupted" };
        return verbs.Create("keep-alive", "Keeps a lease alive", RunAsync, id, once);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            LeaseId lease = Context.Lease(context.Get(id));
            while (true)
            {
                TimeSpan time = await context.Store.KeepLeaseAliveAsync(lease, cancellationToken);
                string seconds = Seconds(time).ToString(CultureInfo.InvariantCulture);
                Report report = new Report().Line($"lease {lease} keepalived with TTL({seconds})");
                Printer.AddHeader(report, context.Header);
                report.Field("ID", lease.Value).Field("TTL", Seconds(time));
                report.Json = json =>
                {
                    Printer.WriteHeader(json, context.Header);
                    json.WriteNumber("ID", lease.Value);
                    json.WriteNumber("TTL", Seconds(time));
                };
                context.Printer.Print(report);
                if (context.Get(once))
                    return ExitCode.Done;
                await Task.Delay(time / 3, TimeProvider.System, cancellationToken);
            }
        }
    }
}
