using Coord.Kv;

namespace Coord.Checking.Tests;

/// <summary>Revisions and versions follow their rules, whoever wrote.</summary>
public sealed class RevisionRulesTests
{
    [Fact]
    public void A_log_that_follows_the_rules_is_accepted() => Assert.Empty(RevisionRules.Check(
    [
        Put(2, "a", 2, 1),
        Put(3, "a", 2, 2),
        Delete(4, "a"),
        new(new(5), [.. Put(5, "a", 5, 1).Events, .. Put(5, "b", 5, 1).Events]),
        new(new(6), [.. Delete(6, "a").Events, .. Put(6, "a", 6, 1).Events]),
    ]));

    [Fact]
    public void A_gap_is_found() => AssertBad("r4 follows r2", Put(2, "a", 2, 1), Put(4, "a", 2, 2));

    [Fact]
    public void A_revision_twice_is_found() => AssertBad("r2 follows r2", Put(2, "a", 2, 1), Put(2, "b", 2, 1));

    [Fact]
    public void A_revision_that_goes_back_is_found() =>
        AssertBad("r2 follows r3", Put(2, "a", 2, 1), Put(3, "b", 3, 1), Put(2, "c", 2, 1));

    [Fact]
    public void A_first_revision_that_is_not_the_second_is_found() => AssertBad("r3 follows r1", Put(3, "a", 3, 1));

    [Fact]
    public void A_revision_without_changes_is_found() => AssertBad("changed nothing", new Change(new(2), []));

    [Fact]
    public void A_version_that_skips_is_found() =>
        AssertBad("should be version 2", Put(2, "a", 2, 1), Put(3, "a", 2, 3));

    [Fact]
    public void A_version_that_goes_on_after_a_deletion_is_found() =>
        AssertBad("should be version 1", Put(2, "a", 2, 1), Delete(3, "a"), Put(4, "a", 4, 2));

    [Fact]
    public void A_creation_that_is_forgotten_is_found() =>
        AssertBad("created at r3, not at r2", Put(2, "a", 2, 1), Put(3, "a", 3, 2));

    [Fact]
    public void A_creation_that_is_remembered_over_a_deletion_is_found() =>
        AssertBad("created at r2, not at r4", Put(2, "a", 2, 1), Delete(3, "a"), Put(4, "a", 2, 1));

    [Fact]
    public void A_deletion_of_nothing_is_found() => AssertBad("did not exist", Delete(2, "a"));

    [Fact]
    public void A_deletion_that_is_repeated_is_found() =>
        AssertBad("did not exist", Put(2, "a", 2, 1), Delete(3, "a"), Delete(4, "a"));

    [Fact]
    public void A_key_put_twice_in_a_revision_is_found() => AssertBad(
        "put a twice", new Change(new(2), [.. Put(2, "a", 2, 1).Events, .. Put(2, "a", 2, 2).Events]));

    [Fact]
    public void A_version_of_another_revision_is_found() =>
        AssertBad("which is of r2", Put(2, "a", 2, 1), new Change(new(3), Put(2, "b", 3, 1).Events));

    [Fact]
    public void A_deletion_that_tells_a_value_is_found() => AssertBad(
        "tells more of it",
        Put(2, "a", 2, 1),
        new Change(new(3), [new(WatchEventKind.Delete, StoreStory.Version("a", "x", 0, 3, 0), null)]));

    private static Change Put(long revision, string key, long create, long version) =>
        new(new(revision), [new(WatchEventKind.Put, StoreStory.Version(key, "x", create, revision, version), null)]);

    private static Change Delete(long revision, string key) =>
        new(new(revision), [new(WatchEventKind.Delete, StoreStory.Version(key, "", 0, revision, 0), null)]);

    private static void AssertBad(string finding, params Change[] changes) =>
        Assert.Contains(finding, RevisionRules.Check(changes).ToString(), StringComparison.Ordinal);
}
