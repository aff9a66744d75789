using Coord.Raft;

namespace Coord.Simulation.Workloads;

/// <summary>One call of the register workload: what was asked when, and what came of it.</summary>
internal sealed class RegisterCall(int client, long begin, string key, RegisterCallKind kind)
{
    public long Begin => begin;

    public string Key => key;

    public RegisterCallKind Kind => kind;

    /// <summary>Gets what is to be written.</summary>
    public string? Written { get; init; }

    /// <summary>Gets what a swap expects to find; null for nothing.</summary>
    public string? Expected { get; init; }

    public long End { get; set; } = long.MaxValue;

    /// <summary>Gets or sets why there is no answer; null if there is one.</summary>
    public Outcome? Outcome { get; set; }

    /// <summary>Gets or sets the revision of the answer.</summary>
    public long Revision { get; set; }

    /// <summary>Gets or sets what a read found.</summary>
    public string? Value { get; set; }

    public bool HasWritten { get; set; }

    public bool IsAnswered => Outcome is null && End != long.MaxValue;

    public override string ToString() =>
        $"client {client} [{begin}, {(End == long.MaxValue ? "..." : End)}] {kind} {key}"
        + $"{(Written is null ? "" : $" {Expected} -> {Written}")}: "
        + (Outcome is { } outcome ? $"{outcome}" : $"revision {Revision}, found {Value}, written {HasWritten}");
}
