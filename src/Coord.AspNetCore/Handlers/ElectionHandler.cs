using Coord.Kv;
using Coord.Protocol.V3Election;
using Google.Protobuf;

namespace Coord.AspNetCore.Handlers;

/// <summary>Answers the Election service, whatever carried the request.</summary>
internal sealed class ElectionHandler(EtcdMember member)
{
    /// <summary>Waits until the caller leads.</summary>
    /// <exception cref="EtcdException">The lease ended before that, or does not exist.</exception>
    public async ValueTask<CampaignResponse> CampaignAsync(
        CampaignRequest request, CancellationToken cancellationToken)
    {
        EmbeddedKeyValueStore store = member.Store;
        LeaseId lease = await Contenders.LeaseAsync(store, request.Lease, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> key = Contenders.Key(request.Name, lease);
        Transaction enter = Transaction.If(Comparison.Missing(KeyRange.Single(key)))
            .Then(Operation.Put(key, request.Value.Memory, new PutOptions { Lease = lease }))
            .Else(Operation.Get(KeyRange.Single(key)));
        TransactionResult entered = await CommitAsync(enter, cancellationToken).ConfigureAwait(false);
        Revision created = entered.Revision;
        LeaderKey leader = new() { Name = request.Name, Key = Wire.Bytes(key), Lease = lease.Value };
        if (!entered.Succeeded)
        {
            KeyValue existing = entered.Results[0].Get!.First!;
            created = existing.CreateRevision;
            leader.Rev = created.Value;
            if (!existing.Value.Span.SequenceEqual(request.Value.Span))
                await PutAsync(leader, request.Value, cancellationToken).ConfigureAwait(false);
        }

        leader.Rev = created.Value;
        await WaitAsync(request.Name, key, created, cancellationToken).ConfigureAwait(false);
        return new CampaignResponse { Header = member.Header(entered.Revision), Leader = leader };
    }

    /// <exception cref="EtcdException">The caller does not lead any more.</exception>
    public async ValueTask<ProclaimResponse> ProclaimAsync(
        ProclaimRequest request, CancellationToken cancellationToken)
    {
        Revision revision = await PutAsync(Given(request.Leader), request.Value, cancellationToken)
            .ConfigureAwait(false);
        return new ProclaimResponse { Header = member.Header(revision) };
    }

    /// <exception cref="EtcdException">Nobody leads.</exception>
    public async ValueTask<LeaderResponse> LeaderAsync(LeaderRequest request, CancellationToken cancellationToken)
    {
        GetResult result = await Contenders
            .FirstAsync(member.Store, Contenders.Range(request.Name), cancellationToken)
            .ConfigureAwait(false);
        return result.First is { } leader
            ? Answer(leader, result.Revision)
            : throw EtcdError.ElectionNoLeader.ToException();
    }

    public async ValueTask<ResignResponse> ResignAsync(ResignRequest request, CancellationToken cancellationToken)
    {
        LeaderKey leader = Given(request.Leader);
        TransactionResult result = await Contenders
            .RemoveAsync(member.Store, leader.Key.Memory, new Revision(leader.Rev), cancellationToken)
            .ConfigureAwait(false);
        return new ResignResponse { Header = member.Header(result.Revision) };
    }

    /// <summary>Tells who leads and what it proclaims, now and at each change, until the caller leaves.</summary>
    /// <param name="request">Which election.</param>
    /// <param name="write">Takes the answers, one at a time.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ObserveAsync(
        LeaderRequest request, Func<LeaderResponse, Task> write, CancellationToken cancellationToken)
    {
        KeyRange contenders = Contenders.Range(request.Name);
        while (true)
        {
            GetResult result = await Contenders.FirstAsync(member.Store, contenders, cancellationToken)
                .ConfigureAwait(false);
            try
            {
                if (result.First is { } leader)
                {
                    await write(Answer(leader, result.Revision)).ConfigureAwait(false);
                    await FollowAsync(leader.Key, result.Revision, write, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await FirstPutAsync(contenders, result.Revision, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (CompactedException)
            {
                // What happened meanwhile is forgotten: look again.
            }
        }
    }

    /// <summary>Passes on what a leader proclaims, until its key is gone.</summary>
    private async Task FollowAsync(
        ReadOnlyMemory<byte> key, Revision after, Func<LeaderResponse, Task> write, CancellationToken cancellationToken)
    {
        WatchOptions options = new() { StartRevision = after.Next };
        IAsyncEnumerable<WatchBatch> watch = member.Store.WatchAsync(KeyRange.Single(key), options, cancellationToken);
        await foreach (WatchBatch batch in watch.ConfigureAwait(false))
        {
            foreach (WatchEvent change in batch.Events)
            {
                if (change.Kind is WatchEventKind.Delete)
                    return;

                await write(Answer(change.KeyValue, batch.Revision)).ConfigureAwait(false);
            }
        }
    }

    private async Task FirstPutAsync(KeyRange contenders, Revision after, CancellationToken cancellationToken)
    {
        WatchOptions options = new() { StartRevision = after.Next, SkipDeletes = true };
        IAsyncEnumerable<WatchBatch> watch = member.Store.WatchAsync(contenders, options, cancellationToken);
        await foreach (WatchBatch batch in watch.ConfigureAwait(false))
        {
            if (batch.Events.Count > 0)
                return;
        }
    }

    private async ValueTask WaitAsync(
        ByteString name, ReadOnlyMemory<byte> key, Revision created, CancellationToken cancellationToken)
    {
        try
        {
            await Contenders.WaitAsync(member.Store, Contenders.Range(name), created, cancellationToken)
                .ConfigureAwait(false);
        }
        catch
        {
            // Nobody waits any more, so nobody must wait for it.
            await Contenders.RemoveAsync(member.Store, key, created, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        // The lease may have ended while it waited; then it leads nothing.
        if (!await Contenders.IsThereAsync(member.Store, key, created, cancellationToken).ConfigureAwait(false))
            throw EtcdError.ElectionSessionExpired.ToException();
    }

    private async ValueTask<Revision> PutAsync(
        LeaderKey leader, ByteString value, CancellationToken cancellationToken)
    {
        LeaseId lease = await Contenders.LeaseAsync(member.Store, leader.Lease, cancellationToken)
            .ConfigureAwait(false);
        KeyRange key = KeyRange.Single(leader.Key.Memory);
        Transaction put = Transaction
            .If(Comparison.OfCreateRevision(key, ComparisonOperator.Equal, new Revision(leader.Rev)))
            .Then(Operation.Put(leader.Key.Memory, value.Memory, new PutOptions { Lease = lease }));
        TransactionResult result = await CommitAsync(put, cancellationToken).ConfigureAwait(false);
        return result.Succeeded ? result.Revision : throw EtcdError.ElectionNotLeader.ToException();
    }

    private async ValueTask<TransactionResult> CommitAsync(Transaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            return await member.Store.CommitAsync(transaction, cancellationToken).ConfigureAwait(false);
        }
        catch (LeaseNotFoundException exception)
        {
            throw EtcdError.LeaseNotFound.Unwrapped().ToException(exception);
        }
    }

    private LeaderResponse Answer(KeyValue leader, Revision revision) =>
        new() { Header = member.Header(revision), Kv = Wire.KeyValue(leader) };

    private static LeaderKey Given(LeaderKey? leader)
    {
        if (leader is null)
            throw EtcdError.ElectionLeaderMissing.ToException();
        if (leader.Key.IsEmpty)
            throw EtcdError.EmptyKey.Unwrapped().ToException();

        return leader;
    }
}
