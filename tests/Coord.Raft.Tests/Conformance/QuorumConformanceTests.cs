using System.Text;
using Coord.Raft.Core;

namespace Coord.Raft.Tests.Conformance;

/// <summary>Raft §5.2, §5.3, §6: what majorities and joint majorities have decided, by published cases.</summary>
public sealed class QuorumConformanceTests
{
    public static TheoryData<string> Files => PublishedCases.Files(
        "quorum", "majority_commit", "majority_vote", "joint_vote");

    [PublishedTheory]
    [MemberData(nameof(Files))]
    public void Quorums_decide_as_published(string file) => Assert.All(PublishedCases.Read($"quorum/{file}.txt"), c =>
    {
        string actual = c.Command switch
        {
            "vote" => Vote(c),
            "committed" => Committed(c),
            _ => throw new InvalidOperationException(c.Command),
        };
        Assert.Equal($"{file}:{c.Line}\n{c.Expected}", $"{file}:{c.Line}\n{actual}");
    });

    private static string Vote(DataDrivenCase c)
    {
        IReadOnlyList<ulong> incoming = Ids(c, "cfg");
        IReadOnlyList<ulong> outgoing = Ids(c, "cfgj");
        IReadOnlyList<ulong> all = [.. incoming.Union(outgoing)];
        IReadOnlyList<string> votes = c.Find("votes")?.Values ?? [];
        VoteResult result = JointQuorum.Vote(Half(incoming), Half(outgoing));
        return $"Vote{result}";

        VoteResult Half(IReadOnlyList<ulong> ids)
        {
            int Count(string answer) => ids.Count(id => votes[all.ToList().IndexOf(id)] == answer);
            return MajorityQuorum.Vote(ids.Count, Count("y"), Count("n"));
        }
    }

    private static string Committed(DataDrivenCase c)
    {
        IReadOnlyList<ulong> incoming = Ids(c, "cfg");
        IReadOnlyList<ulong> outgoing = Ids(c, "cfgj");
        List<ulong> ids = [.. incoming.Union(outgoing)];
        IReadOnlyList<string> known = c.Find("idx")?.Values ?? [];
        long[] indexes = [.. known.Select(text => text == "_" ? 0 : long.Parse(text))];
        long committed = JointQuorum.Reached(Half(incoming), Half(outgoing));
        string result = committed == long.MaxValue ? "∞" : $"{committed}";
        if (ids.Count == 0)
            return $"<empty majority quorum>{result}";

        StringBuilder table = new();
        table.Append(' ', ids.Count).Append("    idx\n");
        foreach (int i in Enumerable.Range(0, ids.Count).OrderBy(i => ids[i]))
        {
            // The bar counts the voters that are behind.
            int bar = indexes.Count(index => index < indexes[i]);
            if (known[i] == "_")
                table.Append('?').Append(' ', ids.Count);
            else
                table.Append('x', bar).Append('>').Append(' ', ids.Count - bar);
            table.Append($" {indexes[i],5}    (id={ids[i]})\n");
        }

        return table.Append(result).ToString();

        long Half(IReadOnlyList<ulong> half) =>
            MajorityQuorum.Reached(half.Select(id => indexes[ids.IndexOf(id)]).ToArray());
    }

    private static IReadOnlyList<ulong> Ids(DataDrivenCase c, string key) =>
        c.Find(key) is { Values: not ["zero"] } argument ? argument.Ids : [];
}
