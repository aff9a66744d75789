using System.Buffers.Binary;
using Coord.Kv.Commands;
using Coord.Kv.Leases;
using Coord.Raft;

namespace Coord.Kv;

/// <content>Leases.</content>
public sealed partial class EmbeddedKeyValueStore
{
    /// <inheritdoc/>
    public ValueTask<LeaseGrant> GrantLeaseAsync(
        TimeSpan timeToLive, LeaseId id = default, CancellationToken cancellationToken = default) =>
        GrantLeaseAsync(timeToLive, id, default, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Revision> RevokeLeaseAsync(LeaseId id, CancellationToken cancellationToken = default) =>
        RevokeLeaseAsync(id, default, cancellationToken);

    internal async ValueTask<LeaseGrant> GrantLeaseAsync(
        TimeSpan timeToLive, LeaseId id, SessionTicket ticket, CancellationToken cancellationToken)
    {
        // A second attempt would choose another id, and be answered as the first was.
        if (id.IsNone && !ticket.IsNone)
            throw new ArgumentException("In a session the lease's id is the caller's to choose.", nameof(id));

        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeToLive, TimeSpan.FromSeconds(LeaseTable.MaxSeconds));
        long seconds = Math.Max(CeilingOf(timeToLive), CeilingOf(_options.MinLeaseTimeToLive));
        while (true)
        {
            LeaseId chosen = id.IsNone ? ChooseLeaseId() : id;
            Command command = Command.GrantLease(chosen.Value, seconds, _policy);
            try
            {
                (long revision, _) = await RunAsync(command, ticket, cancellationToken).ConfigureAwait(false);
                return new(chosen, TimeSpan.FromSeconds(seconds), new(revision));
            }
            catch (LeaseExistsException) when (id.IsNone)
            {
                // One in 2^63 and somebody has it.
            }
        }
    }

    internal async ValueTask<Revision> RevokeLeaseAsync(
        LeaseId id, SessionTicket ticket, CancellationToken cancellationToken)
    {
        Command command = Command.RevokeLease(id.Value, _policy);
        (long revision, _) = await RunAsync(command, ticket, cancellationToken).ConfigureAwait(false);
        return new(revision);
    }

    /// <inheritdoc/>
    public async ValueTask<TimeSpan> KeepLeaseAliveAsync(LeaseId id, CancellationToken cancellationToken = default)
    {
        long seconds = await _keepAlives.RenewAsync(id.Value).WaitAsync(cancellationToken).ConfigureAwait(false);
        return seconds > 0 ? TimeSpan.FromSeconds(seconds) : throw new LeaseNotFoundException(id);
    }

    /// <inheritdoc/>
    public async ValueTask<LeaseStatus?> GetLeaseAsync(
        LeaseId id, bool includeKeys = false, CancellationToken cancellationToken = default)
    {
        await _log.ReadBarrierAsync(cancellationToken).ConfigureAwait(false);
        return _stateMachine.FindLease(id.Value, includeKeys);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<LeaseId>> ListLeasesAsync(CancellationToken cancellationToken = default)
    {
        await _log.ReadBarrierAsync(cancellationToken).ConfigureAwait(false);
        return _stateMachine.ListLeases();
    }

    /// <summary>Proposes a command about a list of leases and waits until it is applied.</summary>
    internal async ValueTask ProposeLeaseCommandAsync(
        CommandKind kind, List<long> numbers, CancellationToken cancellationToken = default) =>
        await RunListAsync(kind, numbers, cancellationToken).ConfigureAwait(false);

    private static long CeilingOf(TimeSpan time) =>
        time <= TimeSpan.Zero ? 0 : ((time.Ticks - 1) / TimeSpan.TicksPerSecond) + 1;

    private LeaseId ChooseLeaseId()
    {
        // From the system's source: nobody can guess the next one, and no two members choose alike.
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        _entropy(bytes);
        return new(Math.Max(1, BinaryPrimitives.ReadInt64LittleEndian(bytes) & long.MaxValue));
    }

    private async ValueTask<long[]> RenewLeasesAsync(List<long> ids)
    {
        (_, CommandResult result) = await RunListAsync(CommandKind.KeepLeasesAlive, ids, CancellationToken.None)
            .ConfigureAwait(false);
        return ResultCodec.ReadNumbers(result.Body);
    }

    private ValueTask<(long Revision, CommandResult Result)> RunListAsync(
        CommandKind kind, List<long> numbers, CancellationToken cancellationToken) =>
        RunAsync(
            (Command: Command.OfList(kind, _policy), numbers),
            static (bytes, given) => CommandCodec.Write(bytes, given.Command, given.numbers),
            cancellationToken);
}
