namespace Coord.Checking.Tests;

/// <summary>Members that differ at a revision are found; members at different ones are not compared.</summary>
public sealed class ReplicaCheckerTests
{
    [Fact]
    public void Equal_members_are_accepted() => Assert.Empty(ReplicaChecker.Check(
        [Digest(1, 5, 0, 77), Digest(2, 5, 0, 77), Digest(3, 6, 0, 78), Digest(3, 5, 2, 60)]));

    [Fact]
    public void Different_members_are_found() =>
        Assert.Single(ReplicaChecker.Check([Digest(1, 5, 0, 77), Digest(2, 5, 0, 78)]));

    [Fact]
    public void A_member_that_differs_from_itself_is_found() =>
        Assert.Single(ReplicaChecker.Check([Digest(1, 5, 0, 77), Digest(1, 5, 0, 78)]));

    private static ReplicaDigest Digest(ulong member, long revision, long compacted, ulong digest) =>
        new(member, new(revision), new(compacted), digest);
}
