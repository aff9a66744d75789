namespace Coord.SampleHost.Configuration;

/// <summary>One flag: etcd's name for it, and what it is here.</summary>
/// <param name="Name">The name without dashes, which is also its key in the configuration file.</param>
/// <param name="Group">The heading it stands under in the help.</param>
/// <param name="Help">What it sets, in half a sentence.</param>
internal sealed record Flag(string Name, string Group, string Help)
{
    /// <summary>The value without which it is as if not given; empty if there is none.</summary>
    public string Default { get; init; } = "";

    /// <summary>A switch takes its value only after an equals sign, as in Go: <c>--auto-tls=false</c>.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>etcd has it and Coord nothing that it would set: taken with a warning, so that scripts run.</summary>
    public bool IsIgnored { get; init; }
}
