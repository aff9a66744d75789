namespace Coord.Raft.Tests.Conformance;

/// <summary>A theory over published cases; reported as skipped, with the reason, where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PublishedTheoryAttribute : TheoryAttribute
{
    public PublishedTheoryAttribute() => Skip = PublishedCases.SkipReason;
}
