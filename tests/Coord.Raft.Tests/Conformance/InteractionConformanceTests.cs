namespace Coord.Raft.Tests.Conformance;

/// <summary>Whole conversations of a cluster, message by message, by published cases.</summary>
/// <remarks>Lines of log output are dropped: they are that library's words for what our events say.</remarks>
public sealed class InteractionConformanceTests
{
    public static TheoryData<string> Files => PublishedCases.Files(
        "interaction",
        "async_storage_writes",
        "campaign",
        "checkquorum",
        "confchange_v1_add_single",
        "confchange_v1_remove_leader",
        "confchange_v2_add_double_auto",
        "confchange_v2_add_single_explicit",
        "forget_leader",
        "heartbeat_resp_recovers_from_probing",
        "prevote",
        "single_node",
        "snapshot_succeed_via_app_resp");

    [PublishedTheory]
    [MemberData(nameof(Files))]
    public void Clusters_talk_as_published(string name)
    {
        InteractionCluster cluster = new();
        foreach (DataDrivenCase c in PublishedCases.Read($"interaction/{name}.txt"))
        {
            string place = $"{name}.txt:{c.Line} {c.Command}";
            Assert.Equal($"{place}\n{WithoutLog(c.Expected)}", $"{place}\n{cluster.Handle(c)}");
        }
    }

    private static string WithoutLog(string expected)
    {
        string kept = string.Join('\n', expected.Split('\n').Where(line => !IsLog(line.TrimStart())));
        return kept.Length == 0 ? "ok" : kept;

        static bool IsLog(string line) =>
            line.StartsWith("DEBUG", StringComparison.Ordinal) || line.StartsWith("INFO", StringComparison.Ordinal) ||
            line.StartsWith("WARN", StringComparison.Ordinal) || line.StartsWith("ERROR", StringComparison.Ordinal);
    }
}
