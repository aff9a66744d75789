using Coord.Raft;

namespace Coord.Kv;

public sealed partial class EmbeddedKeyValueStore
{
    /// <summary>Gets the alarms that are on, in order of member and kind.</summary>
    public IReadOnlyList<Alarm> Alarms { get; } = [];

    /// <summary>Gets how the members have published themselves, in order of their ids.</summary>
    public IReadOnlyList<MemberInfo> Members { get; } = [];

    /// <inheritdoc/>
    public ValueTask<TransactionResult> CommitAsync(
        Transaction transaction, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<LeaseGrant> GrantLeaseAsync(
        TimeSpan timeToLive, LeaseId id = default, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<Revision> RevokeLeaseAsync(LeaseId id, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<TimeSpan> KeepLeaseAliveAsync(LeaseId id, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<LeaseStatus?> GetLeaseAsync(
        LeaseId id, bool includeKeys = false, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LeaseId>> ListLeasesAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Opens a stream for many watches of this member.</summary>
    public WatchStream OpenWatchStream() => throw new NotSupportedException();

    /// <summary>Computes the checksum of this member's copy.</summary>
    /// <param name="revision">Up to which revision; zero for the present one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CompactedException">The revision has been compacted.</exception>
    /// <exception cref="FutureRevisionException">The revision does not exist yet.</exception>
    public ValueTask<KeyValueHash> HashAsync(
        Revision revision = default, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Raises an alarm on all members.</summary>
    /// <param name="alarm">Which, and in whose name.</param>
    /// <param name="cancellationToken">Stops waiting; it may be raised all the same.</param>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    public ValueTask RaiseAlarmAsync(Alarm alarm, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Disarms an alarm on all members.</summary>
    /// <param name="alarm">Which; of no member: those of all members, of no kind: those of all kinds.</param>
    /// <param name="cancellationToken">Stops waiting; it may be disarmed all the same.</param>
    /// <returns>The alarms that were on and no longer are.</returns>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    public ValueTask<IReadOnlyList<Alarm>> DisarmAlarmAsync(
        Alarm alarm, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Tells all members how a member is called and reached.</summary>
    /// <param name="member">The member; its entry is replaced.</param>
    /// <param name="cancellationToken">Stops waiting; it may be published all the same.</param>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    public ValueTask PublishMemberAsync(MemberInfo member, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Forgets how a member that left is called and reached.</summary>
    /// <param name="member">Which member.</param>
    /// <param name="cancellationToken">Stops waiting; it may be forgotten all the same.</param>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    public ValueTask ForgetMemberAsync(NodeId member, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}
