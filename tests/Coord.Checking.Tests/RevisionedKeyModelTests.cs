using KeyCall = Coord.Simulation.Checking.Call<
    Coord.Simulation.Checking.KeyInput, Coord.Simulation.Checking.KeyOutput>;

namespace Coord.Checking.Tests;

/// <summary>The model of one key: values and versions as of a register, revisions as of the whole store.</summary>
public sealed class RevisionedKeyModelTests
{
    private readonly List<KeyCall> _calls = [];
    private long _now;

    [Fact]
    public void One_call_after_the_other_is_linearizable()
    {
        Get(new(1, false));
        Put("a", 2);
        Get(new(2, true, "a", 2, 1));
        Put("b", 5);
        Get(new(9, true, "b", 5, 2));
        Delete(new(10));
        Delete(new(10, false));
        PutIf(null, "c", new(11));
        PutIf("x", "d", new(12, false));
        Get(new(12, true, "c", 11, 1));
        Assert.Equal(Verdict.Linearizable, Search());
    }

    [Fact]
    public void A_lost_put_is_known_by_whoever_reads_it()
    {
        Put("a", 2);
        Lose(new(KeyCallKind.Put, "k", "b"));
        Get(new(2, true, "a", 2, 1));
        Get(new(4, true, "b", 3, 2));
        Get(new(4, true, "b", 3, 2));
        Put("c", 5);
        Assert.Equal(Verdict.Linearizable, Search());
    }

    [Fact]
    public void A_lost_put_can_be_older_than_what_was_told_since()
    {
        Lose(new(KeyCallKind.Put, "k", "b"));
        PutIf("x", "y", new(9, false));
        Get(new(9, true, "b", 4, 1));
        Assert.Equal(Verdict.Linearizable, Search());
    }

    [Fact]
    public void A_put_makes_a_revision_of_its_own() => Bad(() => Put("a", 2), () => Put("b", 2));

    [Fact]
    public void Revisions_do_not_go_back() => Bad(() => Put("a", 5), () => Put("b", 4));

    [Fact]
    public void A_read_is_not_at_an_older_revision() =>
        Bad(() => Put("a", 5), () => Get(new(4, true, "a", 5, 1)));

    [Fact]
    public void A_read_sees_the_newest_value() =>
        Bad(() => Put("a", 2), () => Put("b", 3), () => Get(new(3, true, "a", 2, 1)));

    [Fact]
    public void A_read_tells_when_the_value_was_put() => Bad(() => Put("a", 2), () => Get(new(3, true, "a", 3, 1)));

    [Fact]
    public void A_read_tells_how_often_the_key_was_put() => Bad(() => Put("a", 2), () => Get(new(3, true, "a", 2, 2)));

    [Fact]
    public void A_deleted_key_is_not_found() =>
        Bad(() => Put("a", 2), () => Delete(new(3)), () => Get(new(3, true, "a", 2, 1)));

    [Fact]
    public void A_key_that_is_there_is_found() => Bad(() => Put("a", 2), () => Get(new(2, false)));

    [Fact]
    public void A_deletion_of_what_is_there_tells_so() => Bad(() => Put("a", 2), () => Delete(new(3, false)));

    [Fact]
    public void A_deletion_of_nothing_makes_no_revision() => Bad(() => Delete(new(2)));

    [Fact]
    public void A_version_begins_anew_after_a_deletion() =>
        Bad(() => Put("a", 2), () => Delete(new(3)), () => Put("b", 4), () => Get(new(4, true, "b", 4, 2)));

    [Fact]
    public void A_condition_that_holds_is_told_so() => Bad(() => Put("a", 2), () => PutIf("a", "b", new(3, false)));

    [Fact]
    public void A_condition_that_does_not_hold_is_told_so() => Bad(() => Put("a", 2), () => PutIf("x", "b", new(3)));

    [Fact]
    public void A_lost_put_has_one_revision() => Bad(
        () => Lose(new(KeyCallKind.Put, "k", "b")),
        () => Get(new(4, true, "b", 3, 1)),
        () => Get(new(5, true, "b", 4, 1)));

    private void Bad(params Action[] calls)
    {
        foreach (Action call in calls[..^1])
            call();
        Assert.Equal(Verdict.Linearizable, Search());
        calls[^1]();
        Assert.Equal(Verdict.NotLinearizable, Search());
    }

    private Verdict Search() =>
        new LinearizabilitySearch<KeyState, KeyInput, KeyOutput>(new RevisionedKeyModel())
            .RunByKey(_calls, input => input.Key).Verdict;

    private void Get(KeyOutput output) => Answer(new(KeyCallKind.Get, "k"), output);

    private void Put(string value, long revision) => Answer(new(KeyCallKind.Put, "k", value), new(revision));

    private void PutIf(string? expected, string value, KeyOutput output) =>
        Answer(new(KeyCallKind.PutIf, "k", value, expected), output);

    private void Delete(KeyOutput output) => Answer(new(KeyCallKind.Delete, "k"), output);

    private void Answer(KeyInput input, KeyOutput output) =>
        _calls.Add(new(0, _now++, _now++, input, output, CallOutcome.Ok));

    private void Lose(KeyInput input) => _calls.Add(new(0, _now++, KeyCall.Never, input, null, CallOutcome.Unknown));
}
