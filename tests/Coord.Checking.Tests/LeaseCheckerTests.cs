using Coord.Kv;

namespace Coord.Checking.Tests;

/// <summary>Leases end when they may, once, and with all their keys: anything else is found.</summary>
public sealed class LeaseCheckerTests
{
    private static readonly LeaseId Seven = new(7);

    private readonly StoreStory _story = new();
    private readonly List<LeaseAnswer> _answers = [];
    private readonly List<LeaseEnd> _ends = [];

    [Fact]
    public void A_lease_that_ends_in_time_with_all_its_keys_is_accepted()
    {
        Grant(begin: 0, end: 10, ttl: 100);
        PutKeys();
        Renew(begin: 50, end: 60, ttl: 100);
        Expire(at: 150);
        Renew(begin: 160, end: 170, ttl: 0);
        AssertGood();
    }

    [Fact]
    public void A_lease_may_be_revoked_at_any_time()
    {
        Grant(0, 10, 100);
        PutKeys();
        _ends.Add(new(Seven, 20, _story.End(7), IsRevoked: true));
        Renew(30, 40, 0);
        AssertGood();
    }

    [Fact]
    public void A_lease_without_keys_makes_no_revision()
    {
        Grant(0, 10, 100);
        Expire(100);
        AssertGood();
    }

    [Fact]
    public void An_id_can_be_granted_again()
    {
        Grant(0, 10, 100);
        Expire(100);
        Grant(200, 210, 100);
        Renew(250, 260, 100);
        Expire(350);
        AssertGood();
    }

    [Fact]
    public void A_clock_that_is_known_to_run_fast_may_end_it_a_little_early()
    {
        Grant(0, 10, 100);
        Expire(91);
        Assert.Empty(Check(drift: 0.1));
        Assert.NotEmpty(Check(drift: 0.05));
    }

    [Fact]
    public void An_end_too_soon_after_the_grant_is_found()
    {
        Grant(0, 10, 100);
        Expire(99);
        AssertBad("ended at 99");
    }

    [Fact]
    public void A_forgotten_keep_alive_is_found()
    {
        Grant(0, 10, 100);
        Renew(50, 60, 100);
        Expire(120);
        AssertBad("ended at 120");
    }

    [Fact]
    public void A_keep_alive_that_is_answered_after_the_end_still_counts()
    {
        Grant(0, 10, 100);
        Renew(95, 130, 100);
        Expire(110);
        AssertBad("ended at 110");
    }

    [Fact]
    public void A_second_end_is_found()
    {
        Grant(0, 10, 100);
        Expire(100);
        Expire(300);
        AssertBad("was granted 1 times, ended 2");
    }

    [Fact]
    public void A_keep_alive_after_the_end_is_found()
    {
        Grant(0, 10, 100);
        Expire(100);
        Renew(110, 120, 100);
        AssertBad("was kept alive");
    }

    [Fact]
    public void A_key_that_survives_the_end_is_found()
    {
        Grant(0, 10, 100);
        PutKeys();
        _story.Delete("a");
        _ends.Add(new(Seven, 200, _story.Log.Last, false));
        AssertBad("its key is still there");
    }

    [Fact]
    public void An_end_in_two_revisions_is_found()
    {
        Grant(0, 10, 100);
        PutKeys();
        _story.Delete("a");
        _story.Delete("b");
        _ends.Add(new(Seven, 200, _story.Log.Last, false));
        _ends.Add(new(Seven, 200, new(_story.Log.Last.Value - 1), false));
        AssertBad("with the keys [a, b] ended in");
    }

    [Fact]
    public void An_end_that_takes_another_key_along_is_found()
    {
        Grant(0, 10, 100);
        PutKeys();
        _story.Put("c", "1");
        _story.Do(StoreInput.Delete(KeyRange.All));
        _ends.Add(new(Seven, 200, _story.Log.Last, false));
        AssertBad("with the keys [a, b] ended in");
    }

    [Fact]
    public void An_end_that_deletes_in_another_order_is_found()
    {
        Grant(0, 10, 100);
        PutKeys();
        _story.Do(new(Transaction.Of(Operation.Delete(KeyRange.Single("b")), Operation.Delete(KeyRange.Single("a")))));
        _ends.Add(new(Seven, 200, _story.Log.Last, false));
        AssertBad("ended in");
    }

    [Fact]
    public void A_key_that_left_the_lease_and_goes_with_it_is_found()
    {
        Grant(0, 10, 100);
        PutKeys();
        _story.Put("a", "2");
        _story.Do(StoreInput.Delete(KeyRange.All));
        _ends.Add(new(Seven, 200, _story.Log.Last, false));
        AssertBad("with the keys [b] ended in");
    }

    [Fact]
    public void A_put_with_a_lease_that_is_gone_is_found()
    {
        Grant(0, 10, 100);
        PutKeys();
        Expire(150);
        _story.Put("c", "1", lease: 7);
        _story.Delete("c");
        AssertBad("with a lease that had ended");
    }

    [Fact]
    public void A_put_with_a_lease_that_ended_without_keys_is_found()
    {
        Grant(0, 10, 100);
        Expire(150);
        _story.Now = 200;
        _story.Put("c", "1", lease: 7);
        AssertBad("with a lease that had ended");
    }

    [Fact]
    public void A_lease_that_is_called_gone_and_lives_is_found()
    {
        Grant(0, 10, 100);
        Renew(20, 30, 0);
        AssertBad("told that a lease is gone");
    }

    [Fact]
    public void A_lease_that_is_called_gone_after_a_keep_alive_is_found()
    {
        Grant(0, 10, 100);
        Renew(90, 95, 100);
        Renew(120, 130, 0);
        AssertBad("told that a lease is gone");
    }

    private void Grant(long begin, long end, long ttl) => _answers.Add(new(Seven, begin, end, ttl, IsGrant: true));

    private void Renew(long begin, long end, long ttl) => _answers.Add(new(Seven, begin, end, ttl));

    private void Expire(long at) => _ends.Add(new(Seven, at, _story.End(7), IsRevoked: false));

    private void PutKeys()
    {
        _story.Put("a", "1", lease: 7);
        _story.Put("b", "1", lease: 7);
    }

    private Findings Check(double drift = 0) => LeaseChecker.Check(_story.Log, _answers, _ends, drift);

    private void AssertGood() => Assert.Empty(Check());

    private void AssertBad(string finding) => Assert.Contains(finding, Check().ToString(), StringComparison.Ordinal);
}
