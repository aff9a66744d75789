using System.Globalization;

namespace Coord.Scheduling.UnitFiles;

/// <summary>Gives the options of a unit file their meaning: what runs, where, and how often.</summary>
/// <remarks>
/// <c>[X-Fleet]</c> is what fleet has, with its old names; an unknown option in it is an error, and so is what cannot
/// hold together. <c>[X-Coord]</c> says what fleet could not: replicas, shards, schedules, resources. In the sections
/// of systemd what Coord does not know is left to the runner, and told.
/// </remarks>
public static class UnitFileReader
{
    /// <summary>The section of fleet's own options.</summary>
    public const string FleetSection = "X-Fleet";

    /// <summary>The section of Coord's own options.</summary>
    public const string CoordSection = "X-Coord";

    private static readonly HashSet<string> Known =
    [
        "Unit.Description", "Unit.Documentation", "Unit.After", "Unit.Requires", "Unit.BindsTo",
        "Service.Type", "Service.ExecStartPre", "Service.ExecStart", "Service.ExecStop", "Service.Environment",
        "Service.EnvironmentFile", "Service.WorkingDirectory", "Service.User", "Service.Restart", "Service.RestartSec",
        "Service.TimeoutStopSec", "Service.MemoryMax", "Service.CPUQuota", "Service.TasksMax",
    ];

    /// <summary>Makes a unit of a unit file. Never throws, whatever the file says.</summary>
    /// <param name="name">The unit's name. A template can be read too: it is checked, and is not to be run.</param>
    /// <param name="file">The file.</param>
    /// <param name="state">What the unit shall be.</param>
    public static UnitFileReading Read(UnitNameParts name, UnitFile file, UnitState state)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(file);
        var found = new List<string>();
        var options = new OptionReader(name, file, found);
        UnitSpec draft = new()
        {
            Name = name.Full,
            DesiredState = state,
            Runner = RunnerNames.Process,
            Options = file.Options,
            Constraints = FleetOptions.Read(options, out bool isGlobal),
            Dependencies = new()
            {
                After = options.Units("Unit", "After"),
                Requires = options.Units("Unit", "Requires"),
                BindsTo = options.Units("Unit", "BindsTo"),
            },
            Restart = ReadRestart(options),
            RestartDelay = options.Time("Service", "RestartSec", TimeSpan.FromMilliseconds(100)),
            StopGrace = options.Time("Service", "TimeoutStopSec", TimeSpan.FromSeconds(10)),
        };

        bool isOneShot = options.Last("Service", "Type") == "oneshot";
        if (isGlobal)
            draft = draft with { Kind = UnitKind.Global };
        else if (isOneShot)
            draft = draft with { Kind = UnitKind.OneShot };
        draft = CoordOptions.Read(options, draft with { Requests = ReadLimits(options) });

        if (name.Suffix == "service" && !isOneShot && options.Values("Service", "ExecStart").Count != 1)
            found.Add("[Service] ExecStart says what to run: a service needs one; Type=oneshot can have more.");
        if (name.IsTemplate && state != UnitState.Inactive)
            found.Add($"{name.Full} is a template: start an instance of it, such as {name.Prefix}@1.{name.Suffix}.");

        List<string> warnings = file.Options
            .Where(o => o.Section is "Unit" or "Service" && !Known.Contains($"{o.Section}.{o.Name}"))
            .Select(o => $"[{o.Section}] {o.Name} means nothing to Coord; only the systemd runner knows it.")
            .Distinct()
            .ToList();
        return new(found.Count == 0 ? draft : null, found, warnings);
    }

    private static RestartPolicy ReadRestart(OptionReader options)
    {
        string text = options.Last("Service", "Restart") ?? "";
        return text switch
        {
            // fleet's units say Restart=always where they mean it: systemd's default is no.
            "" or "no" => RestartPolicy.No,
            "always" => RestartPolicy.Always,
            "on-success" => RestartPolicy.OnSuccess,
            "on-failure" => RestartPolicy.OnFailure,
            "on-abnormal" => RestartPolicy.OnAbnormal,
            "on-abort" => RestartPolicy.OnAbort,
            _ => options.Reject(
                RestartPolicy.No,
                $"[Service] Restart={text} is not known; known are no, always, on-success, on-failure, on-abnormal and"
                + " on-abort."),
        };
    }

    /// <summary>Takes a limit for what is needed, as nothing else is said: what may be used should be there.</summary>
    private static List<ResourceAmount> ReadLimits(OptionReader options)
    {
        var requests = new List<ResourceAmount>();
        // A percent sign is no specifier here.
        if (options.File.Last("Service", "CPUQuota") is { } quota)
        {
            if (UnitValue.TryParsePercent(quota, out int percent))
                requests.Add(new(ResourceAmount.Cpu, percent * 10L));
            else
                options.Problems.Add($"[Service] CPUQuota={quota} is no share such as 50% or 200%.");
        }

        if (options.Last("Service", "MemoryMax") is { } memory)
        {
            if (!UnitValue.TryParseBytes(memory, out long bytes))
                options.Problems.Add($"[Service] MemoryMax={memory} is no size such as 512M, 2G or infinity.");
            else if (bytes != long.MaxValue)
                requests.Add(new(ResourceAmount.Memory, bytes));
        }

        if (options.Last("Service", "TasksMax") is { } tasks && tasks != "infinity"
            && !(long.TryParse(tasks, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0))
        {
            options.Problems.Add($"[Service] TasksMax={tasks} is no number above zero, and not infinity.");
        }

        return requests;
    }
}
