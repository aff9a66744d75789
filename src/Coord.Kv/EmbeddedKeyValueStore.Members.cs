using Coord.Kv.Commands;
using Coord.Raft;

namespace Coord.Kv;

/// <content>Alarms, and how members are called and reached.</content>
public sealed partial class EmbeddedKeyValueStore
{
    /// <summary>Gets the alarms that are on, in order of member and kind.</summary>
    public IReadOnlyList<Alarm> Alarms => _stateMachine.ListAlarms();

    /// <summary>Gets how the members have published themselves, in order of their ids.</summary>
    public IReadOnlyList<MemberInfo> Members => _stateMachine.ListMembers();

    /// <summary>Raises an alarm on all members.</summary>
    /// <param name="alarm">Which, and in whose name.</param>
    /// <param name="cancellationToken">Stops waiting; it may be raised all the same.</param>
    /// <exception cref="SpaceExceededException">1,024 others are on already; it was not raised.</exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    public async ValueTask RaiseAlarmAsync(Alarm alarm, CancellationToken cancellationToken = default) =>
        await RunAsync(Command.RaiseAlarm(alarm), cancellationToken).ConfigureAwait(false);

    /// <summary>Disarms an alarm on all members.</summary>
    /// <param name="alarm">Which; of no member: those of all members, of no kind: those of all kinds.</param>
    /// <param name="cancellationToken">Stops waiting; it may be disarmed all the same.</param>
    /// <returns>The alarms that were on and no longer are.</returns>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    public async ValueTask<IReadOnlyList<Alarm>> DisarmAlarmAsync(
        Alarm alarm, CancellationToken cancellationToken = default)
    {
        (_, CommandResult result) = await RunAsync(Command.DisarmAlarm(alarm), cancellationToken).ConfigureAwait(false);
        long[] numbers = ResultCodec.ReadNumbers(result.Body);
        Alarm[] disarmed = new Alarm[numbers.Length / 2];
        for (int i = 0; i < disarmed.Length; i++)
            disarmed[i] = new(new((ulong)numbers[2 * i]), (AlarmKind)numbers[(2 * i) + 1]);
        return disarmed;
    }

    /// <summary>Tells all members how a member is called and reached.</summary>
    /// <param name="member">The member; its entry is replaced.</param>
    /// <param name="cancellationToken">Stops waiting; it may be published all the same.</param>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    public async ValueTask PublishMemberAsync(MemberInfo member, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(member);
        await RunAsync(member, static (bytes, member) => CommandCodec.Write(bytes, member), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Forgets how a member that left is called and reached.</summary>
    /// <param name="member">Which member.</param>
    /// <param name="cancellationToken">Stops waiting; it may be forgotten all the same.</param>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    public async ValueTask ForgetMemberAsync(NodeId member, CancellationToken cancellationToken = default) =>
        await RunAsync(Command.ForgetMember(member), cancellationToken).ConfigureAwait(false);
}
