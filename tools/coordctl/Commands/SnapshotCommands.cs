using System.CommandLine;
using System.Globalization;
using Coord.Cli.Output;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Cli.Commands;

/// <summary>snapshot save, status and restore.</summary>
public static class SnapshotCommands
{
    public static Command Create(VerbFactory verbs) => VerbFactory.Group(
        "snapshot", "Works with snapshots", Save(verbs), Status(verbs), Restore(verbs));

    private static Command Save(VerbFactory verbs)
    {
        Argument<string> path = new("file");
        return verbs.Create("save", "Writes a snapshot of a member's store to a file", RunAsync, path);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            if (context.Client.Endpoints.Count != 1)
                throw new UsageException("A snapshot is of one member: give one endpoint.");

            // Under another name until it is whole, so that a broken one is never taken for a snapshot.
            string file = context.Get(path);
            string part = file + ".part";
            await using (FileStream stream = File.Create(part))
                await context.Client.Maintenance.SaveSnapshotAsync(stream, null, cancellationToken);
            File.Move(part, file, overwrite: true);
            context.Printer.Print(new Report().Line($"Snapshot saved at {file}"));
            return ExitCode.Done;
        }
    }

    private static Command Status(VerbFactory verbs)
    {
        Argument<string> path = new("file");
        return verbs.Create("status", "Checks a snapshot and tells what is in it", RunAsync, path);

        Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            using KeyValueBackup backup =
                KeyValueBackup.Open(context.Get(path), cancellationToken: cancellationToken);
            string hash = backup.Hash.ToString("x", CultureInfo.InvariantCulture);
            string[] row =
            [
                hash, $"{backup.Revision.Value}", $"{backup.TotalKeys}", EndpointCommands.Size(backup.TotalBytes),
            ];
            Report report = new() { Columns = ["hash", "revision", "total keys", "total size"] };
            report.Rows.Add(row);
            report.Line(string.Join(", ", row)).Field("Hash", backup.Hash).Field("Revision", backup.Revision.Value)
                .Field("Keys", backup.TotalKeys).Field("Size", backup.TotalBytes);
            report.Json = json =>
            {
                json.WriteNumber("hash", backup.Hash);
                json.WriteNumber("revision", backup.Revision.Value);
                json.WriteNumber("totalKey", backup.TotalKeys);
                json.WriteNumber("totalSize", backup.TotalBytes);
            };
            context.Printer.Print(report);
            return Task.FromResult(ExitCode.Done);
        }
    }

    private static Command Restore(VerbFactory verbs)
    {
        Argument<string> path = new("file");
        Option<string> name = new("--name")
        {
            Description = "The member's name",
            DefaultValueFactory = _ => "default",
        };
        Option<string?> directory = new("--data-dir") { Description = "Where; absent or empty [<name>.coord]" };
        Option<string?> cluster = new("--initial-cluster")
        {
            Description = "All members of the new cluster, as name=http://host:port,... [this one alone]",
        };
        Option<string> token = new("--initial-cluster-token")
        {
            Description = "As the hosts will have it",
            DefaultValueFactory = _ => "etcd-cluster",
        };
        Option<string> urls = new("--initial-advertise-peer-urls")
        {
            Description = "Where the others reach this member",
            DefaultValueFactory = _ => "http://localhost:2380",
        };
        Option<bool> skip = new("--skip-hash-check") { Description = "Take a copy of a database file, too" };
        Option<long> bump = new("--bump-revision") { Description = "How many revisions to skip" };
        Option<bool> mark = new("--mark-compacted") { Description = "Count all history as compacted" };
        Option<bool> open = new("--drop-authentication")
        {
            Description = "Restore what users and roles guarded, though they are not restored",
        };
        return verbs.Create("restore", "Makes the data directory of a member of a new cluster", RunAsync, path, name,
            directory, cluster, token, urls, skip, bump, mark, open);

        Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            string self = context.Get(name);
            string list = context.Get(cluster)
                ?? string.Join(',', context.Get(urls).Split(',').Select(url => $"{self}={url}"));
            RaftOptions member = RestoreTarget.Of(
                self, list, context.Get(token), context.Get(directory) ?? $"{self}.coord");
            using KeyValueBackup backup =
                KeyValueBackup.Open(context.Get(path), !context.Get(skip), cancellationToken);
            backup.Restore(
                member,
                new()
                {
                    RevisionBump = context.Get(bump),
                    MarkCompacted = context.Get(mark),
                    DropAuthentication = context.Get(open),
                },
                cancellationToken);
            context.Printer.Print(new Report().Line(
                $"Restored revision {backup.Revision.Value} to {member.DataDirectory}. Start the host with the same "
                + "--name, --initial-cluster and --initial-cluster-token."));
            return Task.FromResult(ExitCode.Done);
        }
    }
}
