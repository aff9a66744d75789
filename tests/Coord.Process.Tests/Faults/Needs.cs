using Coord.Process.Tests.Harness;

namespace Coord.Process.Tests.Faults;

/// <summary>What a machine must have, or somebody must ask for, before a fault can be shown.</summary>
[Flags]
internal enum Needs
{
    Nothing = 0,
    Strace = 1,
    Compiler = 2,
    Tmpfs = 4,
    Root = 8,
    LongForm = 16,
    Previous = 32,
}

/// <summary>A test of a fault, skipped where it cannot be shown or takes longer than one wants to wait.</summary>
internal sealed class FaultFactAttribute : FactAttribute
{
    /// <summary>Whether the long form was asked for: all rows, and of each all that there is.</summary>
    public static readonly bool IsLong = Environment.GetEnvironmentVariable("COORD_FAULTS") == "long";

    /// <summary>The former version's host, for a rolling upgrade; null if there is none.</summary>
    public static readonly string? Previous = Environment.GetEnvironmentVariable("COORD_PREVIOUS_HOST");

    private static readonly Lazy<string?> WhyNoTmpfs = new(Tmpfs.WhyNot);

    public FaultFactAttribute(Needs needs = Needs.Nothing) => Skip = WhyNot(needs);

    /// <summary>Says why a test cannot run or is not wanted; null if it can and is.</summary>
    internal static string? WhyNot(Needs needs)
    {
        if (needs.HasFlag(Needs.LongForm) && !IsLong)
            return "Only in the long form: ./build.sh faults.";
        if (needs.HasFlag(Needs.Strace) && Strace.WhyNot() is { } noStrace)
            return $"Needs strace: {noStrace}.";
        if (needs.HasFlag(Needs.Compiler) && !EtcdTool.IsInstalled("gcc"))
            return "Needs gcc on the PATH, to compile a library of a few lines (Debian: apt install gcc libc6-dev).";
        if (needs.HasFlag(Needs.Root) && Environment.UserName != "root")
            return "Needs root.";
        if (needs.HasFlag(Needs.Tmpfs) && WhyNoTmpfs.Value is { } noTmpfs)
            return $"Needs to mount a tmpfs, which is not possible here: {noTmpfs}";
        if (needs.HasFlag(Needs.Previous) && Previous is null)
            return "Needs the host of the former version: ./build.sh faults --previous REF.";

        return null;
    }
}

/// <summary>The same for a test with arguments.</summary>
internal sealed class FaultTheoryAttribute : TheoryAttribute
{
    public FaultTheoryAttribute(Needs needs = Needs.Nothing) => Skip = FaultFactAttribute.WhyNot(needs);
}
