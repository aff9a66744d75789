using Coord.Raft;

namespace Coord.Kv.Commands;

/// <summary>A command as it travels through the log; the memory is borrowed from its entry.</summary>
internal readonly record struct Command
{
    /// <summary>Gets what to do.</summary>
    public CommandKind Kind { get; init; }

    /// <summary>Gets the bounds, of commands that can make a revision or take space.</summary>
    public WritePolicy Policy { get; init; }

    /// <summary>Gets, of a put and a deletion, the key or the first key.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Gets, of a put the value, of a deletion the end of the range.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>Gets how to put or delete.</summary>
    public PutFlags Flags { get; init; }

    /// <summary>Gets the lease, of commands about one and of a put.</summary>
    public long Lease { get; init; }

    /// <summary>Gets the revision to compact to, or the seconds that a lease lives.</summary>
    public long Number { get; init; }

    /// <summary>Gets, of an alarm, in whose name and which; of a member, which.</summary>
    public Alarm Alarm { get; init; }

    /// <summary>Gets what is read by itself: a transaction, a list of leases, a member's attributes.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    public bool ReturnsPrevious => (Flags & PutFlags.ReturnPrevious) != PutFlags.None;

    public static Command Put(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        PutFlags flags,
        WritePolicy policy,
        long lease = 0) =>
        new() { Kind = CommandKind.Put, Key = key, Value = value, Flags = flags, Policy = policy, Lease = lease };

    public static Command Delete(KeyRange range, bool returnPrevious, WritePolicy policy) => new()
    {
        Kind = CommandKind.Delete,
        Key = range.Key,
        Value = range.RangeEnd,
        Flags = returnPrevious ? PutFlags.ReturnPrevious : PutFlags.None,
        Policy = policy,
    };

    public static Command Compact(long revision) => new() { Kind = CommandKind.Compact, Number = revision };

    public static Command StepCompaction() => new() { Kind = CommandKind.StepCompaction };

    public static Command GrantLease(long id, long seconds, WritePolicy policy) =>
        new() { Kind = CommandKind.GrantLease, Lease = id, Number = seconds, Policy = policy };

    public static Command RevokeLease(long id, WritePolicy policy) =>
        new() { Kind = CommandKind.RevokeLease, Lease = id, Policy = policy };

    /// <summary>Of a kind that has a list of numbers as its body, written by <see cref="CommandCodec"/>.</summary>
    public static Command OfList(CommandKind kind, WritePolicy policy = default) =>
        new() { Kind = kind, Policy = policy };

    public static Command RaiseAlarm(Alarm alarm) => new() { Kind = CommandKind.RaiseAlarm, Alarm = alarm };

    public static Command DisarmAlarm(Alarm alarm) => new() { Kind = CommandKind.DisarmAlarm, Alarm = alarm };

    public static Command ForgetMember(NodeId member) =>
        new() { Kind = CommandKind.ForgetMember, Alarm = new(member, AlarmKind.None) };
}
