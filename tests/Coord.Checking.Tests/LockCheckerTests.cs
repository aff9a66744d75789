using Coord.Kv;

namespace Coord.Checking.Tests;

/// <summary>A lock by the keys of its line: whoever is not the oldest neither holds it nor writes.</summary>
public sealed class LockCheckerTests
{
    private readonly StoreStory _story = new();
    private readonly List<LockGrant> _grants = [];
    private readonly List<GuardedWrite> _writes = [];

    [Fact]
    public void Holders_one_after_the_other_are_accepted()
    {
        long a = Enter("a");
        Grant(1, "a", a);
        Write(1, a);
        long b = Enter("b");
        Write(1, a);
        Leave("a");
        Grant(2, "b", b);
        Write(2, b);
        AssertGood();
    }

    [Fact]
    public void Two_that_believe_to_hold_it_are_no_fault_as_long_as_one_writes()
    {
        long a = Enter("a");
        Grant(1, "a", a);
        long b = Enter("b");
        Leave("a");
        Grant(2, "b", b);
        Write(2, b);
        AssertGood();
    }

    [Fact]
    public void A_client_may_hold_it_again()
    {
        long first = Enter("a");
        Grant(1, "a", first);
        Leave("a");
        long second = Enter("a");
        Grant(1, "a", second);
        Write(1, second);
        AssertGood();
    }

    [Fact]
    public void A_write_with_a_token_of_old_is_found()
    {
        long a = Enter("a");
        Grant(1, "a", a);
        long b = Enter("b");
        Leave("a");
        Grant(2, "b", b);
        Write(2, b);
        Write(1, a);
        AssertBad("was accepted after one with token");
    }

    [Fact]
    public void A_write_of_one_who_waits_is_found()
    {
        Grant(1, "a", Enter("a"));
        long b = Enter("b");
        Write(2, b);
        AssertBad("held the lock");
    }

    [Fact]
    public void A_write_after_the_key_is_gone_is_found()
    {
        long a = Enter("a");
        Grant(1, "a", a);
        Leave("a");
        Write(1, a);
        AssertBad("while 0 held the lock");
    }

    [Fact]
    public void A_write_of_one_who_was_never_granted_is_found()
    {
        long a = Enter("a");
        Write(1, a);
        AssertBad("nobody gave it that token");
    }

    [Fact]
    public void A_write_with_the_token_of_somebody_else_is_found()
    {
        long a = Enter("a");
        Grant(1, "a", a);
        Write(2, a);
        AssertBad("nobody gave it that token");
    }

    [Fact]
    public void A_grant_out_of_turn_is_found()
    {
        Enter("a");
        long b = Enter("b");
        Grant(2, "b", b);
        AssertBad("never the oldest");
    }

    [Fact]
    public void A_grant_before_its_turn_is_found()
    {
        Grant(1, "a", Enter("a"));
        long b = Enter("b");
        _grants.Add(new(2, "lock/b", b, _story.Now, _story.Now));
        Leave("a");
        AssertBad("its turn came with");
    }

    [Fact]
    public void One_token_for_two_is_found()
    {
        long a = Enter("a");
        Grant(1, "a", a);
        Grant(2, "a", a);
        AssertBad("was given 2 times");
    }

    [Fact]
    public void A_token_that_is_no_key_is_found()
    {
        Enter("a");
        Grant(1, "a", 9);
        AssertBad("its key was not created then");
    }

    [Fact]
    public void A_token_of_the_modification_of_a_key_is_found()
    {
        Enter("a");
        Grant(1, "a", Enter("a"));
        AssertBad("its key was not created then");
    }

    [Fact]
    public void A_token_that_is_not_greater_than_one_given_before_is_found()
    {
        long a = Enter("a");
        Leave("a");
        long b = Enter("b");
        Grant(2, "b", b);
        Grant(1, "a", a);
        AssertBad("had been given before");
    }

    [Fact]
    public void A_write_in_the_revision_in_which_the_holder_leaves_is_his_last()
    {
        long a = Enter("a");
        Grant(1, "a", a);
        _story.Do(new(Transaction.Of(
            Operation.Put(StoreStory.Bytes("data"), StoreStory.Bytes("x")),
            Operation.Delete(KeyRange.Single("lock/a")))));
        _writes.Add(new(1, a, _story.Log.Last));
        AssertGood();
        Write(1, a);
        AssertBad("while 0 held the lock");
    }

    private long Enter(string name) => _story.Put($"lock/{name}", "").Output!.Revision.Value;

    private void Leave(string name) => _story.Delete($"lock/{name}");

    private void Grant(int client, string name, long token) =>
        _grants.Add(new(client, $"lock/{name}", token, ++_story.Now, ++_story.Now));

    private void Write(int client, long token) =>
        _writes.Add(new(client, token, _story.Put("data", "x").Output!.Revision));

    private Findings Check() => LockChecker.Check(_story.Log, KeyRange.Prefix("lock/"), _grants, _writes);

    private void AssertGood() => Assert.Empty(Check());

    private void AssertBad(string finding) => Assert.Contains(finding, Check().ToString(), StringComparison.Ordinal);
}
