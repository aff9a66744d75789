namespace Coord.Raft.Tests.Conformance;

/// <summary>The published notation of membership changes: <c>v1</c> voter, <c>l1</c> learner, and so on.</summary>
internal static class ChangeNotation
{
    public static MemberChange[] Parse(string text) =>
    [
        .. text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(token => new MemberChange(
            token[0] switch
            {
                'v' => MemberChangeKind.AddVoter,
                'l' => MemberChangeKind.AddLearner,
                'r' => MemberChangeKind.Remove,
                'u' => MemberChangeKind.Update,
                _ => throw new InvalidOperationException(token),
            },
            new NodeId(ulong.Parse(token[1..])))),
    ];

    public static string Render(IEnumerable<MemberChange> changes) => string.Join(' ', changes.Select(change =>
        (change.Kind switch
        {
            MemberChangeKind.AddVoter => 'v',
            MemberChangeKind.AddLearner => 'l',
            MemberChangeKind.Remove => 'r',
            _ => 'u',
        }) + $"{change.Id.Value}"));
}
