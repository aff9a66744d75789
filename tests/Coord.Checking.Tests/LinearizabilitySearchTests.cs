using RegisterCall = Coord.Simulation.Checking.Call<
    Coord.Simulation.Checking.RegisterInput, Coord.Simulation.Checking.RegisterOutput>;

namespace Coord.Checking.Tests;

/// <summary>The search finds an order if there is one, on recorded histories and on hand-made ones.</summary>
public sealed class LinearizabilitySearchTests
{
    private readonly List<RegisterCall> _calls = [];

    [SharedHistoriesFact]
    public void Every_recorded_history_gets_its_label()
    {
        List<string> wrong = [];
        foreach ((string name, bool isLinearizable) in SharedHistories.ReadLabels())
        {
            SearchResult result = Search(SharedHistories.Read(name));
            Verdict expected = isLinearizable ? Verdict.Linearizable : Verdict.NotLinearizable;
            if (result.Verdict != expected)
                wrong.Add($"{name}: {result}");
        }

        Assert.Empty(wrong);
        Assert.NotEmpty(SharedHistories.ReadLabels());
    }

    [Fact]
    public void Nothing_is_linearizable() => AssertGood();

    [Fact]
    public void One_call_after_the_other_is_linearizable()
    {
        Read(0, 1, null);
        Write(2, 3, 1);
        Read(4, 5, 1);
        Cas(6, 7, 1, 2, true);
        Cas(8, 9, 1, 3, false);
        Read(10, 11, 2);
        AssertGood();
    }

    [Fact]
    public void Concurrent_reads_may_see_a_write_or_not()
    {
        Write(0, 10, 1);
        Read(1, 2, null);
        Read(3, 4, 1);
        AssertGood();
    }

    [Fact]
    public void A_write_of_unknown_outcome_may_be_seen_late_or_never()
    {
        Write(0, null, 1);
        Write(0, null, 2);
        Read(1, 2, null);
        Read(3, 4, 2);
        Read(5, 6, 2);
        AssertGood();
    }

    [Fact]
    public void A_failed_write_is_left_out()
    {
        _calls.Add(new(0, 0, 1, RegisterInput.Write(1), null, CallOutcome.Failed));
        Read(2, 3, null);
        AssertGood();
    }

    [Fact]
    public void A_compare_and_set_of_unknown_outcome_may_have_worked()
    {
        Write(0, 1, 1);
        Cas(2, null, 1, 2, null);
        Read(3, 4, 1);
        Read(5, 6, 2);
        AssertGood();
    }

    [Fact]
    public void What_touches_in_time_is_concurrent()
    {
        Write(0, 5, 1);
        Read(5, 6, null);
        AssertGood();
    }

    [Fact]
    public void A_read_that_misses_an_ended_write_is_stale()
    {
        Write(0, 1, 1);
        Read(2, 3, null);
        AssertBad();
    }

    [Fact]
    public void A_read_of_what_nobody_wrote_is_wrong()
    {
        Write(0, 1, 1);
        Read(2, 3, 7);
        AssertBad();
    }

    [Fact]
    public void A_read_of_what_is_written_later_is_wrong()
    {
        Read(0, 1, 1);
        Write(2, 3, 1);
        AssertBad();
    }

    [Fact]
    public void A_value_that_was_seen_does_not_go_away_again()
    {
        Write(0, 10, 1);
        Read(1, 2, 1);
        Read(3, 4, null);
        AssertBad();
    }

    [Fact]
    public void Two_readers_agree_on_the_order_of_writes()
    {
        Write(0, 10, 1);
        Write(0, 10, 2);
        Read(11, 12, 1);
        Read(13, 14, 2);
        AssertBad();
    }

    [Fact]
    public void A_failed_write_is_never_seen()
    {
        _calls.Add(new(0, 0, 1, RegisterInput.Write(1), null, CallOutcome.Failed));
        Read(2, 3, 1);
        AssertBad();
    }

    [Fact]
    public void A_write_of_unknown_outcome_happens_once()
    {
        Write(0, null, 1);
        Read(1, 2, 1);
        Write(3, 4, 2);
        Read(5, 6, 1);
        AssertBad();
    }

    [Fact]
    public void A_write_of_unknown_outcome_does_not_happen_before_it_begins()
    {
        Read(0, 1, 1);
        Write(2, null, 1);
        AssertBad();
    }

    [Fact]
    public void Two_compare_and_sets_from_one_value_do_not_both_work()
    {
        Write(0, 1, 1);
        Cas(2, 10, 1, 2, true);
        Cas(2, 10, 1, 3, true);
        AssertBad();
    }

    [Fact]
    public void A_compare_and_set_that_finds_its_value_works()
    {
        Write(0, 1, 1);
        Cas(2, 3, 1, 2, false);
        AssertBad();
    }

    [Fact]
    public void A_compare_and_set_that_did_not_work_changes_nothing()
    {
        Write(0, 1, 1);
        Cas(2, 3, 5, 2, false);
        Read(4, 5, 2);
        AssertBad();
    }

    [Fact]
    public void A_compare_and_set_that_worked_is_seen()
    {
        Write(0, 1, 1);
        Cas(2, 3, 1, 2, true);
        Read(4, 5, 1);
        AssertBad();
    }

    [Fact]
    public void A_verdict_explains_which_call_finds_no_place()
    {
        Write(0, 1, 1);
        Read(2, 3, 9);
        Assert.Contains("read -> RegisterOutput { Value = 9", Search(_calls).Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_are_searched_apart_and_the_worst_counts()
    {
        LinearizabilitySearch<int?, RegisterInput, RegisterOutput> search = new(new RegisterModel());
        _calls.Add(new(0, 0, 1, RegisterInput.Write(1, key: 1), new(), CallOutcome.Ok));
        _calls.Add(new(0, 2, 3, RegisterInput.Read(key: 2), new(null), CallOutcome.Ok));
        Assert.Equal(Verdict.Linearizable, search.RunByKey(_calls, input => input.Key).Verdict);
        _calls.Add(new(0, 4, 5, RegisterInput.Read(key: 1), new(null), CallOutcome.Ok));
        SearchResult result = search.RunByKey(_calls, input => input.Key);
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Assert.StartsWith("Key 1: ", result.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void A_search_that_runs_out_of_steps_says_so()
    {
        // All orders of twelve concurrent writes, and then a read of what none of them wrote.
        for (int i = 0; i < 12; i++)
            Write(0, 100, i);
        Read(101, 102, 99);
        LinearizabilitySearch<int?, RegisterInput, RegisterOutput> search = new(new RegisterModel(), maxSteps: 1000);
        Assert.Equal(Verdict.Unknown, search.Run(_calls).Verdict);
        Assert.Equal(Verdict.NotLinearizable, Search(_calls).Verdict);
    }

    private static SearchResult Search(IReadOnlyList<RegisterCall> calls) =>
        new LinearizabilitySearch<int?, RegisterInput, RegisterOutput>(new RegisterModel()).Run(calls);

    private void Read(long begin, long end, int? value) =>
        _calls.Add(new(0, begin, end, RegisterInput.Read(), new(value), CallOutcome.Ok));

    private void Write(long begin, long? end, int value) =>
        _calls.Add(Ended(begin, end, RegisterInput.Write(value), new()));

    private void Cas(long begin, long? end, int expected, int value, bool? worked) =>
        _calls.Add(Ended(begin, end, RegisterInput.CompareAndSet(expected, value), new(IsSet: worked ?? false)));

    private static RegisterCall Ended(long begin, long? end, RegisterInput input, RegisterOutput output) =>
        end is { } told
            ? new(0, begin, told, input, output, CallOutcome.Ok)
            : new(0, begin, RegisterCall.Never, input, null, CallOutcome.Unknown);

    private void AssertGood() => Assert.Equal(Verdict.Linearizable, Search(_calls).Verdict);

    private void AssertBad() => Assert.Equal(Verdict.NotLinearizable, Search(_calls).Verdict);
}
