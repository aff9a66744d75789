using System.Diagnostics.Metrics;

namespace Coord.Raft.Diagnostics;

/// <summary>What a node measures, on the meter named as the package. Costs a branch where nobody listens.</summary>
internal static class RaftMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Coord.Raft";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Histogram<double> Commit = Meter.CreateHistogram<double>(
        "coord.raft.commit.duration", "s", "From a proposal to its applied result.");
    private static readonly Histogram<double> Sync = Meter.CreateHistogram<double>(
        "coord.raft.log.sync.duration", "s", "How long the disk took to make entries durable.");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>(
        "coord.raft.proposal.failures", "{proposal}", "Proposals that ended without a result, by outcome.");
    private static readonly Counter<long> Changes = Meter.CreateCounter<long>(
        "coord.raft.leader.changes", "{change}", "How often this member saw another leader.");
    private static readonly KeyValuePair<string, object?> DidNotHappen = new("outcome", "did-not-happen");
    private static readonly KeyValuePair<string, object?> Unknown = new("outcome", "unknown");

    /// <summary>Gets a value indicating whether anybody wants to know how long commits take.</summary>
    public static bool MeasuresCommits => Commit.Enabled;

    /// <summary>Gets a value indicating whether anybody wants to know how long the disk takes.</summary>
    public static bool MeasuresSyncs => Sync.Enabled;

    /// <summary>Counts a group of entries that became durable.</summary>
    public static void Synced(long nanoseconds) => Sync.Record(nanoseconds / 1e9);

    /// <summary>Counts a result.</summary>
    public static void Committed(long nanoseconds) => Commit.Record(nanoseconds / 1e9);

    /// <summary>Counts a failure.</summary>
    public static void Failed(Outcome outcome) =>
        Failures.Add(1, outcome is Outcome.Unknown ? Unknown : DidNotHappen);

    /// <summary>Counts a new leader.</summary>
    public static void LeaderChanged() => Changes.Add(1);
}
