using Coord.Kv;
using StoreCall = Coord.Simulation.Checking.Call<
    Coord.Simulation.Checking.StoreInput, Coord.Kv.TransactionResult>;

namespace Coord.Checking.Tests;

/// <summary>Replies with revisions are checked without a search: every lie about them is found.</summary>
public sealed class RevisionCheckerTests
{
    private readonly StoreStory _story = new();

    [Fact]
    public void The_truth_is_accepted()
    {
        _story.GetAll();
        _story.Put("a", "1");
        _story.PutAll("b", "c");
        _story.PutIf("a", "1", "2");
        _story.PutIf("a", "1", "3");
        _story.Delete("b");
        _story.Delete("b");
        GetOptions old = new() { Revision = new(3), Limit = 2, SortOrder = SortOrder.Descending };
        _story.Do(StoreInput.Get(KeyRange.All, old));
        AssertGood();
    }

    [Fact]
    public void A_serializable_read_may_be_behind()
    {
        _story.Put("a", "1");
        StoreCall old = _story.Do(StoreInput.Get(KeyRange.All, new() { Serializable = true }));
        _story.Put("a", "2");
        _story.Lie(old, truth => truth with { Begin = 100, End = 101 });
        AssertGood();
    }

    [Fact]
    public void Lost_writes_may_have_happened_or_not()
    {
        _story.Lose(StoreInput.Put("a", "1"), happens: true);
        _story.Lose(StoreInput.Put("b", "1"), happens: false);
        _story.Lose(StoreInput.Delete(KeyRange.Single("a")), happens: true);
        _story.Lose(StoreInput.Delete(KeyRange.Prefix("a")), happens: false);
        _story.Put("a", "2");
        AssertGood();
    }

    [Fact]
    public void Lost_writes_that_look_alike_each_get_a_revision_that_they_can_have_made()
    {
        // The second deletion can only have been the lost one that began last; the first one then was the other.
        StoreInput delete = StoreInput.Delete(KeyRange.Single("a"));
        _story.Put("a", "1");
        _story.Lose(delete, happens: true);
        _story.Put("a", "2");
        _story.Lose(StoreInput.Delete(KeyRange.From("a")), happens: true);
        AssertGood();
    }

    [Fact]
    public void The_end_of_a_lease_needs_no_call()
    {
        _story.Put("a", "1", lease: 7);
        _story.Put("b", "1", lease: 7);
        _story.End(7);
        _story.GetAll();
        AssertGood();
    }

    [Fact]
    public void A_stale_read_is_found()
    {
        StoreCall read = _story.GetAll();
        _story.Put("a", "1");
        _story.Lie(read, truth => truth with { Begin = 100, End = 101 });
        AssertBad("had been told before");
    }

    [Fact]
    public void A_read_of_the_future_is_found()
    {
        StoreCall write = _story.Put("a", "1");
        StoreCall read = _story.GetAll();
        _story.Lie(write, truth => truth with { Begin = 100, End = 101 });
        _story.Lie(read, truth => truth with { Begin = 50, End = 51 });
        AssertBad("had been told before this wrote");
    }

    [Fact]
    public void A_wrong_value_is_found()
    {
        _story.Put("a", "1");
        StoreCall read = _story.Get("a");
        _story.LieAboutKeys(read, StoreStory.Version("a", "2", 2, 2, 1));
        AssertBad("the answer is");
    }

    [Fact]
    public void A_wrong_version_is_found()
    {
        _story.Put("a", "1");
        StoreCall read = _story.Get("a");
        _story.LieAboutKeys(read, StoreStory.Version("a", "1", 2, 2, 2));
        AssertBad("the answer is");
    }

    [Fact]
    public void A_key_that_is_left_out_is_found()
    {
        _story.PutAll("a", "b");
        StoreCall read = _story.GetAll();
        _story.LieAboutKeys(read, StoreStory.Version("a", "x", 2, 2, 1));
        AssertBad("the answer is");
    }

    [Fact]
    public void A_torn_transaction_is_found_in_a_serializable_read()
    {
        StoreCall read = _story.Do(StoreInput.Get(KeyRange.All, new() { Serializable = true }));
        _story.PutAll("a", "b");
        _story.LieAboutKeys(read, StoreStory.Version("a", "x", 2, 2, 1));
        _story.LieAboutRevision(_story.Calls[0], 2);
        AssertBad("the answer is");
    }

    [Fact]
    public void A_serializable_read_of_what_never_was_is_found()
    {
        _story.Put("a", "1");
        StoreCall read = _story.Do(StoreInput.Get(KeyRange.All, new() { Serializable = true }));
        _story.LieAboutKeys(read);
        AssertBad("the answer is");
    }

    [Fact]
    public void A_write_that_was_answered_and_lost_is_found()
    {
        StoreCall write = _story.Put("a", "1");
        _story.LieAboutRevision(write, 9);
        AssertBad("There is no r9");
    }

    [Fact]
    public void A_write_with_the_revision_of_another_is_found()
    {
        _story.Put("a", "1");
        StoreCall second = _story.Put("a", "2");
        _story.LieAboutRevision(second, 2);
        AssertBad("would have made");
    }

    [Fact]
    public void Two_writes_of_one_revision_are_found()
    {
        StoreCall write = _story.Put("a", "1");
        _story.Calls.Add(write with { Client = 2 });
        AssertBad("was made twice");
    }

    [Fact]
    public void A_write_that_is_ordered_before_an_ended_one_is_found()
    {
        StoreCall first = _story.Put("a", "1");
        _story.Put("b", "1");
        _story.Lie(first, truth => truth with { Begin = 100, End = 101 });
        AssertBad("had been told before this wrote");
    }

    [Fact]
    public void A_condition_that_did_not_hold_is_found()
    {
        _story.Put("a", "1");
        StoreCall set = _story.PutIf("a", "1", "2");
        _story.Lie(set, truth => truth with { Output = truth.Output! with { Succeeded = false } });
        AssertBad("would have made");
    }

    [Fact]
    public void A_wrong_count_of_deletions_is_found()
    {
        _story.Put("a", "1");
        StoreCall delete = _story.Delete("a");
        _story.Lie(delete, truth => truth with
        {
            Output = truth.Output! with { Results = [new(Delete: new(new(3), 2, []))] },
        });
        AssertBad("would have made");
    }

    [Fact]
    public void A_change_that_nobody_made_is_found()
    {
        _story.Put("a", "1");
        _story.Calls.Clear();
        AssertBad("Nobody made r2");
        Assert.Empty(RevisionChecker.Check(_story.Log, _story.Calls, change => change.Revision.Value == 2));
    }

    [Fact]
    public void A_change_that_failed_for_certain_is_found()
    {
        StoreCall put = _story.Put("a", "1");
        _story.Lie(put, truth => truth with { Outcome = CallOutcome.Failed });
        AssertBad("Nobody made r2");
    }

    [Fact]
    public void A_lost_write_that_happened_twice_is_found()
    {
        _story.Lose(StoreInput.Put("a", "1"), happens: true);
        _story.Lose(StoreInput.Put("a", "1"), happens: true);
        _story.Calls.RemoveAt(0);
        AssertBad("Nobody made");
    }

    [Fact]
    public void A_lost_write_that_happened_before_it_began_is_found()
    {
        StoreCall lost = _story.Lose(StoreInput.Put("a", "1"), happens: true);
        _story.Get("a");
        _story.Lie(lost, truth => truth with { Begin = 100 });
        AssertBad("Nobody made r2");
    }

    [Fact]
    public void Half_the_end_of_a_lease_is_found()
    {
        _story.Put("a", "1", lease: 7);
        _story.Put("b", "1", lease: 7);
        _story.Delete("a");
        _story.Calls.RemoveAt(2);
        AssertBad("Nobody made r4");
    }

    [Fact]
    public void A_reply_before_any_member_had_its_revision_is_found()
    {
        StoreCall put = _story.Do(StoreInput.Put("a", "1"), 10, 20);
        _story.Lie(put, truth => truth with { Begin = 1, End = 5 });
        AssertBad("was not there before");
    }

    private void AssertGood() => Assert.Empty(RevisionChecker.Check(_story.Log, _story.Calls));

    private void AssertBad(string finding)
    {
        Findings findings = RevisionChecker.Check(_story.Log, _story.Calls);
        Assert.Contains(finding, findings.ToString(), StringComparison.Ordinal);
    }
}
