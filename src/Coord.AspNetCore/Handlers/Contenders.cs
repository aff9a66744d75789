using System.Globalization;
using System.Text;
using Coord.Kv;
using Google.Protobuf;

namespace Coord.AspNetCore.Handlers;

/// <summary>
/// Those who want the same lock or office: each has a key below its name, and the one created first has it.
/// </summary>
internal static class Contenders
{
    /// <summary>What etcd's sessions live for when the client names no lease.</summary>
    private static readonly TimeSpan SessionTimeToLive = TimeSpan.FromSeconds(60);

    /// <summary>Returns the lease to contend with: the client's, or a new one.</summary>
    public static async ValueTask<LeaseId> LeaseAsync(
        EmbeddedKeyValueStore store, long lease, CancellationToken cancellationToken)
    {
        if (lease != 0)
            return new LeaseId(lease);

        LeaseGrant grant = await store
            .GrantLeaseAsync(SessionTimeToLive, default, cancellationToken)
            .ConfigureAwait(false);
        return grant.Id;
    }

    /// <summary>Returns the range of all that contend for a name.</summary>
    public static KeyRange Range(ByteString name) => KeyRange.Prefix(Join(name, ""));

    /// <summary>Returns the key of one contender, which etcd's clients know how to build.</summary>
    public static ReadOnlyMemory<byte> Key(ByteString name, LeaseId lease)
    {
        string digits = lease.Value < 0
            ? "-" + unchecked((ulong)-lease.Value).ToString("x", CultureInfo.InvariantCulture)
            : lease.Value.ToString("x", CultureInfo.InvariantCulture);
        return Join(name, digits);
    }

    /// <summary>Finds who has it.</summary>
    public static ValueTask<GetResult> FirstAsync(
        EmbeddedKeyValueStore store, KeyRange contenders, CancellationToken cancellationToken) =>
        store.GetAsync(contenders, First, cancellationToken);

    /// <summary>Gets how to read the contender that has it.</summary>
    public static GetOptions First { get; } =
        new() { SortBy = SortTarget.CreateRevision, SortOrder = SortOrder.Ascending, Limit = 1 };

    /// <summary>Waits until no contender is left that was there before.</summary>
    /// <param name="store">The store.</param>
    /// <param name="contenders">All of them.</param>
    /// <param name="created">When the waiting one came.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The revision at which nobody was before it any more.</returns>
    public static async ValueTask<Revision> WaitAsync(
        EmbeddedKeyValueStore store, KeyRange contenders, Revision created, CancellationToken cancellationToken)
    {
        // Only the one right before is watched, so that a release wakes one and not all.
        GetOptions before = new()
        {
            SortBy = SortTarget.CreateRevision,
            SortOrder = SortOrder.Descending,
            Limit = 1,
            MaxCreateRevision = new Revision(created.Value - 1),
            KeysOnly = true,
        };
        while (true)
        {
            GetResult result = await store.GetAsync(contenders, before, cancellationToken).ConfigureAwait(false);
            if (result.First is not { } predecessor)
                return result.Revision;

            await DeletionAsync(store, predecessor.Key, result.Revision, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells whether a contender's key is still the one that it created.</summary>
    public static async ValueTask<bool> IsThereAsync(
        EmbeddedKeyValueStore store, ReadOnlyMemory<byte> key, Revision created, CancellationToken cancellationToken)
    {
        GetResult result = await store
            .GetAsync(KeyRange.Single(key), new GetOptions { KeysOnly = true }, cancellationToken)
            .ConfigureAwait(false);
        return result.First?.CreateRevision == created;
    }

    /// <summary>Deletes a contender's key if it is still the one that it created.</summary>
    public static ValueTask<TransactionResult> RemoveAsync(
        EmbeddedKeyValueStore store, ReadOnlyMemory<byte> key, Revision created, CancellationToken cancellationToken) =>
        store.CommitAsync(
            Transaction.If(Comparison.OfCreateRevision(KeyRange.Single(key), ComparisonOperator.Equal, created))
                .Then(Operation.Delete(KeyRange.Single(key))),
            cancellationToken);

    private static async Task DeletionAsync(
        EmbeddedKeyValueStore store, ReadOnlyMemory<byte> key, Revision after, CancellationToken cancellationToken)
    {
        WatchOptions options = new() { StartRevision = after.Next, SkipPuts = true };
        try
        {
            IAsyncEnumerable<WatchBatch> watch = store.WatchAsync(KeyRange.Single(key), options, cancellationToken);
            await foreach (WatchBatch batch in watch.ConfigureAwait(false))
            {
                if (batch.Events.Count > 0)
                    return;
            }
        }
        catch (CompactedException)
        {
            // What happened meanwhile is forgotten: the caller looks again.
        }
    }

    private static byte[] Join(ByteString name, string digits) =>
        [.. name.Span, .. Encoding.UTF8.GetBytes($"/{digits}")];
}
