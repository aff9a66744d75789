namespace Coord.Checking.Tests;

/// <summary>Commands of sessions are applied once, with the result that is answered, and in real time.</summary>
public sealed class SessionCheckerTests
{
    private readonly List<SessionCall> _calls = [];
    private readonly List<Applied> _applied = [];

    [Fact]
    public void Commands_that_are_applied_once_are_accepted()
    {
        Send("a", 0, 10, CallOutcome.Ok, "1");
        Send("b", 5, 20, CallOutcome.Ok, "2");
        Send("c", 5, 20, CallOutcome.Unknown);
        Send("d", 5, 20, CallOutcome.Unknown);
        Send("e", 5, 20, CallOutcome.Failed);
        Apply("b", "2");
        Apply("a", "1");
        Apply("c", "3");
        Assert.Empty(SessionChecker.Check(_calls, _applied));
    }

    [Fact]
    public void A_command_that_is_applied_twice_is_found()
    {
        Send("a", 0, 10, CallOutcome.Ok);
        Apply("a");
        Apply("a");
        AssertBad("applied twice");
    }

    [Fact]
    public void A_command_of_unknown_outcome_that_is_applied_twice_is_found()
    {
        Send("a", 0, 10, CallOutcome.Unknown);
        Send("b", 11, 12, CallOutcome.Ok);
        Apply("a");
        Apply("b");
        Apply("a");
        AssertBad("applied twice");
    }

    [Fact]
    public void An_answered_command_that_is_lost_is_found()
    {
        Send("a", 0, 10, CallOutcome.Ok);
        AssertBad("answered and not applied");
    }

    [Fact]
    public void A_command_that_is_lost_among_others_is_found()
    {
        Send("a", 0, 10, CallOutcome.Ok);
        Send("b", 0, 10, CallOutcome.Ok);
        Apply("b");
        AssertBad("answered and not applied");
    }

    [Fact]
    public void A_failed_command_that_is_applied_is_found()
    {
        Send("a", 0, 10, CallOutcome.Failed);
        Apply("a");
        AssertBad("failed for certain");
    }

    [Fact]
    public void A_command_that_nobody_sent_is_found()
    {
        Apply("x");
        AssertBad("nobody sent it");
    }

    [Fact]
    public void A_command_that_was_garbled_on_its_way_is_found()
    {
        Send("a", 0, 10, CallOutcome.Unknown);
        Apply("A");
        AssertBad("nobody sent it");
    }

    [Fact]
    public void An_answer_of_another_command_is_found()
    {
        Send("a", 0, 10, CallOutcome.Ok, "2");
        Send("b", 0, 10, CallOutcome.Ok, "1");
        Apply("a", "1");
        Apply("b", "2");
        AssertBad("applying it gave");
    }

    [Fact]
    public void An_answer_of_a_second_application_is_found()
    {
        Send("a", 0, 10, CallOutcome.Ok, "2");
        Apply("a", "1");
        AssertBad("applying it gave");
    }

    [Fact]
    public void An_empty_answer_instead_of_a_remembered_one_is_found()
    {
        Send("a", 0, 10, CallOutcome.Ok);
        Apply("a", "1");
        AssertBad("applying it gave");
    }

    [Fact]
    public void Commands_one_after_the_other_that_are_applied_the_other_way_round_are_found()
    {
        Send("a", 0, 10, CallOutcome.Ok);
        Send("b", 11, 20, CallOutcome.Ok);
        Apply("b");
        Apply("a");
        AssertBad("had been answered when it was sent");
    }

    [Fact]
    public void A_lost_command_that_is_applied_before_it_was_sent_is_found()
    {
        Send("a", 0, 10, CallOutcome.Ok);
        Send("b", 11, 20, CallOutcome.Unknown);
        Apply("b");
        Apply("a");
        AssertBad("had been answered when it was sent");
    }

    private void Send(string command, long begin, long end, CallOutcome outcome, string result = "") =>
        _calls.Add(new(1, command, begin, end, outcome, result));

    private void Apply(string command, string result = "") => _applied.Add(new(command, result));

    private void AssertBad(string finding) => Assert.Contains(
        finding, SessionChecker.Check(_calls, _applied).ToString(), StringComparison.Ordinal);
}
