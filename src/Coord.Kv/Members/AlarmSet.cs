namespace Coord.Kv.Members;

/// <summary>The alarms that are on. Made by commands alone; under the store's lock.</summary>
internal sealed class AlarmSet
{
    /// <summary>
    /// How many there may be. Clients raise them in the name of any number; beyond this nothing new is said by another.
    /// </summary>
    public const int MaxAlarms = 1024;

    private readonly SortedSet<Alarm> _alarms = new(Comparer<Alarm>.Create(static (a, b) =>
        a.Member != b.Member ? a.Member.CompareTo(b.Member) : a.Kind.CompareTo(b.Kind)));

    public bool IsCorrupt { get; private set; }

    public bool IsNoSpace { get; private set; }

    public Alarm[] List() => [.. _alarms];

    /// <summary>Tells whether an alarm is on, or can be raised.</summary>
    public bool HasRoomFor(Alarm alarm) => _alarms.Count < MaxAlarms || _alarms.Contains(alarm);

    /// <summary>Raises an alarm.</summary>
    /// <returns>False if it was on already, or there is no room for it.</returns>
    public bool Raise(Alarm alarm)
    {
        bool isNew = alarm.Kind is not AlarmKind.None && HasRoomFor(alarm) && _alarms.Add(alarm);
        TakeStock();
        return isNew;
    }

    /// <summary>Disarms an alarm; of no member those of all, of no kind those of all kinds.</summary>
    /// <returns>Those that were on.</returns>
    public List<Alarm> Disarm(Alarm alarm)
    {
        List<Alarm> disarmed = [.. _alarms.Where(on =>
            (alarm.Member.IsNone || on.Member == alarm.Member)
            && (alarm.Kind is AlarmKind.None || on.Kind == alarm.Kind))];
        _alarms.ExceptWith(disarmed);
        TakeStock();
        return disarmed;
    }

    private void TakeStock()
    {
        IsCorrupt = _alarms.Any(alarm => alarm.Kind is AlarmKind.Corrupt);
        IsNoSpace = _alarms.Any(alarm => alarm.Kind is AlarmKind.NoSpace);
    }
}
