using Coord.Raft;

namespace Coord.Kv.Commands;

/// <content>What concerns members: alarms, and how members are called and reached.</content>
internal sealed partial class CommandApplier
{
    private ApplyResult RaiseAlarm(in Command command)
    {
        if (!_state.Alarms.HasRoomFor(command.Alarm))
            return Answer(CommandStatus.SpaceExceeded, _state.UsedBytes);

        _state.Alarms.Raise(command.Alarm);
        return new(Store.Revision);
    }

    private ApplyResult DisarmAlarm(in Command command)
    {
        _numbers.Clear();
        foreach (Alarm disarmed in _state.Alarms.Disarm(command.Alarm))
        {
            _numbers.Add((long)disarmed.Member.Value);
            _numbers.Add((long)disarmed.Kind);
        }

        ResultCodec.WriteNumbers(StartResult(), _numbers);
        return EndResult();
    }

    private ApplyResult PublishMember(in Command command)
    {
        if (MemberCodec.TryRead(command.Body) is not { } member)
            return Answer(CommandStatus.Malformed, 0);

        _state.Members.Publish(member);
        return new(Store.Revision);
    }

    private ApplyResult ForgetMember(in Command command)
    {
        _state.Members.Forget(command.Alarm.Member);
        return new(Store.Revision);
    }
}
