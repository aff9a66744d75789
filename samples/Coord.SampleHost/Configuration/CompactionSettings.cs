using System.Globalization;
using Coord.Kv;
using Coord.Shared;

namespace Coord.SampleHost.Configuration;

/// <summary>What history is kept without anybody compacting it.</summary>
/// <param name="Mode">By what it is judged; by nothing if all is kept.</param>
/// <param name="Age">How old it becomes, in the periodic mode.</param>
/// <param name="Revisions">How many revisions stay, in the other one.</param>
internal sealed record CompactionSettings(CompactionMode Mode, TimeSpan Age, long Revisions)
{
    private static readonly CompactionSettings Off = new(default, TimeSpan.FromHours(1), 1);

    /// <exception cref="HostException">A value is wrong.</exception>
    public static CompactionSettings From(GivenValues values)
    {
        const string Flag = "auto-compaction-retention";
        string mode = values.OneOf("auto-compaction-mode", "periodic", "revision");
        string retention = values[Flag];
        bool isNumber = long.TryParse(retention, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        if (isNumber && number == 0)
            return Off;
        if (mode == "revision")
        {
            return isNumber
                ? Off with { Mode = CompactionMode.Revisions, Revisions = number }
                : throw values.Wrong(Flag, $"is '{retention}'; with the mode 'revision' it takes a whole number.");
        }

        // As in etcd a bare number is one of hours.
        TimeSpan age = default;
        if (isNumber ? number > 24 * 3650 : !GoDuration.TryParse(retention, out age))
            throw values.Wrong(Flag, $"is '{retention}'; it takes a number of hours, or a time such as 30m or 1h30m.");
        if (isNumber)
            age = TimeSpan.FromHours(number);
        return age < TimeSpan.FromSeconds(1)
            ? throw values.Wrong(Flag, $"is '{retention}'; use at least a second.")
            : Off with { Mode = CompactionMode.Periodic, Age = age };
    }
}
