using Cronos;

namespace Coord.Scheduling.UnitFiles;

/// <summary>Reads <c>[X-Coord]</c>: what fleet's units could not say.</summary>
internal static class CoordOptions
{
    private const string Section = UnitFileReader.CoordSection;
    private const int MaxCount = 1_000_000;

    private static readonly string[] Kinds = ["Replicas", "Shards", "Schedule"];

    private static readonly HashSet<string> Known =
    [
        "Replicas", "Shards", "Schedule", "TimeZone", "Misfire", "Runner", "Version", "Cpu", "Memory", "Resource",
        "Priority", "Tolerates", "Spread", "MaxSkew", "MaxAttempts", "Deadline", "HoldTime", "ReadyTimeout",
        "MaxInFlight", "Tries",
    ];

    public static UnitSpec Read(OptionReader options, UnitSpec spec)
    {
        foreach (string unknown in options.File.Options
            .Where(o => o.Section == Section && !Known.Contains(o.Name)).Select(o => o.Name).Distinct())
        {
            options.Problems.Add($"[{Section}] {unknown} is not known; known are {string.Join(", ", Known.Order())}.");
        }

        TimeSpan deadline = options.Time(Section, "Deadline", Timeout.InfiniteTimeSpan);
        return ReadKind(options, spec) with
        {
            Runner = options.Last(Section, "Runner") ?? spec.Runner,
            Version = options.Last(Section, "Version") ?? "",
            Requests = ReadRequests(options, spec.Requests),
            Priority = options.Number(Section, "Priority", -1_000_000, 1_000_000, 0),
            Constraints = spec.Constraints with
            {
                Tolerations = options.Words(Section, "Tolerates"),
                Spread = ReadSpread(options),
            },
            MaxAttempts = options.Number(Section, "MaxAttempts", 1, 1000, spec.MaxAttempts),
            RunDeadline = deadline == Timeout.InfiniteTimeSpan ? null : deadline,
            Rollout = new()
            {
                HoldTime = options.Time(Section, "HoldTime", spec.Rollout.HoldTime),
                ReadyTimeout = options.Time(Section, "ReadyTimeout", spec.Rollout.ReadyTimeout),
                MaxInFlight = options.Number(Section, "MaxInFlight", 1, MaxCount, spec.Rollout.MaxInFlight),
                Tries = options.Number(Section, "Tries", 1, 1000, spec.Rollout.Tries),
            },
        };
    }

    private static UnitSpec ReadKind(OptionReader options, UnitSpec spec)
    {
        string[] kinds = Kinds
            .Where(kind => options.Last(Section, kind) is not null).ToArray();
        if (kinds.Length > 1 || (kinds.Length == 1 && spec.Kind == UnitKind.Global))
            return options.Reject(spec, $"[{Section}] Replicas, Shards, Schedule and Global=true exclude each other.");

        return kinds switch
        {
            ["Replicas"] => spec with
            {
                Kind = UnitKind.Replicas,
                Count = options.Number(Section, "Replicas", 0, MaxCount, 1),
            },
            ["Shards"] => spec with
            {
                Kind = UnitKind.Shards,
                Count = options.Number(Section, "Shards", 1, MaxCount, 1),
            },
            ["Schedule"] => spec with { Kind = UnitKind.Cron, Schedule = ReadSchedule(options) },
            _ => spec,
        };
    }

    private static CronSchedule ReadSchedule(OptionReader options)
    {
        string expression = options.Last(Section, "Schedule")!;
        string zone = options.Last(Section, "TimeZone") ?? "";
        CronFormat format = expression.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6
            ? CronFormat.IncludeSeconds
            : CronFormat.Standard;
        if (!CronExpression.TryParse(expression, format, out _))
            options.Problems.Add($"[{Section}] Schedule={expression} has no five or six fields such as 0 3 * * *.");
        if (zone.Length > 0 && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            options.Problems.Add($"[{Section}] TimeZone={zone} is not known here; use a name such as Europe/Berlin.");

        string misfire = options.Last(Section, "Misfire") ?? "fire-once";
        return new(expression, zone, misfire switch
        {
            "skip" => MisfirePolicy.Skip,
            "fire-once" => MisfirePolicy.FireOnce,
            "fire-all" => MisfirePolicy.FireAll,
            _ => options.Reject(
                MisfirePolicy.FireOnce, $"[{Section}] Misfire={misfire} is not skip, fire-once or fire-all."),
        });
    }

    /// <summary>What is said here takes the place of what the limits of the service say.</summary>
    private static List<ResourceAmount> ReadRequests(OptionReader options, IReadOnlyList<ResourceAmount> limits)
    {
        var requests = limits.ToDictionary(amount => amount.Name, amount => amount.Amount);
        if (options.Last(Section, "Cpu") is { } cpu)
        {
            // Thousandths of a core, with or without the m that Kubernetes writes.
            if (long.TryParse(cpu.EndsWith('m') ? cpu[..^1] : cpu, out long milli) && milli >= 0)
                requests[ResourceAmount.Cpu] = milli;
            else
                options.Problems.Add($"[{Section}] Cpu={cpu} is no number of thousandths of a core, such as 500.");
        }

        if (options.Last(Section, "Memory") is { } memory)
        {
            if (UnitValue.TryParseBytes(memory, out long bytes) && bytes != long.MaxValue)
                requests[ResourceAmount.Memory] = bytes;
            else
                options.Problems.Add($"[{Section}] Memory={memory} is no size such as 256M.");
        }

        foreach (string pair in options.Words(Section, "Resource"))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && long.TryParse(pair.AsSpan(equals + 1), out long amount) && amount >= 0)
                requests[pair[..equals]] = amount;
            else
                options.Problems.Add($"[{Section}] Resource={pair} is no pair such as gpu=1.");
        }

        return requests.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => new ResourceAmount(pair.Key, pair.Value)).ToList();
    }

    private static SpreadRule? ReadSpread(OptionReader options)
    {
        string? label = options.Last(Section, "Spread");
        int skew = options.Number(Section, "MaxSkew", 1, MaxCount, 1);
        if (label is null)
            return null;
        // "node" is no label that anybody has to set: each node is a value of its own.
        return new(label == "node" ? "" : label, skew);
    }
}
