using System.CommandLine;
using System.Globalization;
using Coord.Cli.Output;
using Coord.Client;
using Coord.Kv;

namespace Coord.Cli.Commands;

/// <summary>make-mirror: copies keys to another cluster, and then every change, until it is interrupted.</summary>
/// <remarks>
/// First all keys at one revision, then the changes after it: nothing is missed or comes twice. What belongs to one
/// revision is written in one transaction. Keys that the destination has besides are left alone; leases are not taken
/// over, since nobody would keep them alive there.
/// </remarks>
public static class MirrorCommand
{
    private const int KeysAtATime = 1000;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(30);

    public static Command Create(VerbFactory verbs)
    {
        Argument<string> destination = new("destination") { Description = "An endpoint of the other cluster" };
        Option<string> prefix = new("--prefix")
        {
            Description = "Only the keys that start with it [all]",
            DefaultValueFactory = _ => "",
        };
        Option<string?> toPrefix = new("--dest-prefix") { Description = "What the prefix becomes there [the same]" };
        Option<bool> noPrefix = new("--no-dest-prefix") { Description = "Leave the prefix out there" };
        Option<string?> authority = new("--dest-cacert") { Description = "As --cacert, for the destination" };
        Option<string?> certificate = new("--dest-cert") { Description = "As --cert, for the destination" };
        Option<string?> key = new("--dest-key") { Description = "As --key, for the destination" };
        Option<bool> insecure = new("--dest-insecure-transport")
        {
            Description = "Accepted as in etcdctl; http or https in the address decides",
        };
        return verbs.Create("make-mirror", "Copies keys to another cluster, and keeps the copy up to date", RunAsync,
            destination, prefix, toPrefix, noPrefix, authority, certificate, key, insecure);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            if (context.Get(noPrefix) && context.Get(toPrefix) is { Length: > 0 })
                throw new UsageException("--dest-prefix and --no-dest-prefix exclude each other.");

            string from = context.Get(prefix);
            string to = context.Get(noPrefix) ? "" : context.Get(toPrefix) is { Length: > 0 } other ? other : from;
            CoordClientOptions options = context.ClientOptions;
            options.Endpoints.Clear();
            options.Endpoints.Add(context.Get(destination));
            options.TrustedCertificateFile = context.Get(authority);
            options.CertificateFile = context.Get(certificate);
            options.KeyFile = context.Get(key);
            await using CoordClient target = new(options);
            Copy copy = new(context, target, Context.Bytes(from), Context.Bytes(to));
            await copy.RunAsync(cancellationToken);
            return ExitCode.Done;
        }
    }

    /// <summary>One mirror while it runs.</summary>
    private sealed class Copy(Context context, IKeyValueStore target, byte[] from, byte[] to)
    {
        private readonly KeyRange _range = from.Length == 0 ? KeyRange.All : KeyRange.Prefix(from);
        private long _total;

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            await using ITimer timer = TimeProvider.System.CreateTimer(
                _ => Report(), null, ReportInterval, ReportInterval);
            Revision revision = await CopyAllAsync(cancellationToken);
            WatchOptions options = new() { StartRevision = new(revision.Value + 1), RequireLeader = true };
            await foreach (WatchBatch batch in context.Store.WatchAsync(_range, options, cancellationToken))
            {
                foreach (IGrouping<Revision, WatchEvent> one in batch.Events.GroupBy(change => change.Revision))
                    await WriteAsync([.. one.Select(OperationOf)], cancellationToken);
            }
        }

        private async Task<Revision> CopyAllAsync(CancellationToken cancellationToken)
        {
            KeyRange rest = _range;
            Revision revision = default;
            while (true)
            {
                GetResult page = await context.Store.GetAsync(
                    rest, new() { Limit = KeysAtATime, Revision = revision }, cancellationToken);
                if (revision.Value == 0)
                    revision = page.Revision;
                foreach (KeyValue pair in page.KeyValues)
                    await WriteAsync([Operation.Put(Rename(pair.Key), pair.Value)], cancellationToken);
                if (!page.More)
                    return revision;

                // The next key is the last one with a zero byte behind it.
                byte[] next = [.. page.KeyValues[^1].Key.Span, 0];
                rest = new(next, _range.RangeEnd);
            }
        }

        private async Task WriteAsync(Operation[] operations, CancellationToken cancellationToken)
        {
            await target.CommitAsync(Transaction.Of(operations), cancellationToken);
            Interlocked.Add(ref _total, operations.Length);
        }

        private Operation OperationOf(WatchEvent change) => change.Kind is WatchEventKind.Delete
            ? Operation.Delete(new KeyRange(Rename(change.KeyValue.Key)))
            : Operation.Put(Rename(change.KeyValue.Key), change.KeyValue.Value);

        private byte[] Rename(ReadOnlyMemory<byte> key) => [.. to, .. key.Span[from.Length..]];

        private void Report()
        {
            long total = Interlocked.Read(ref _total);
            context.Printer.Print(new Report { Json = json => json.WriteNumber("total", total) }
                .Line(total.ToString(CultureInfo.InvariantCulture)));
        }
    }
}
