using Coord.Transport.Connections;
using Coord.Transport.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Transport.Tests.Connections;

/// <summary>Waits between attempts grow to a limit and differ from member to member; logs have a rate.</summary>
public sealed class BackoffTests
{
    private static readonly TimeSpan Min = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(1);

    [Fact]
    public void Waits_double_up_to_the_limit_and_at_most_half_of_them_is_chance()
    {
        Backoff backoff = new(Min, Max, new Entropy(1));
        foreach (int full in new[] { 100, 200, 400, 800, 1000, 1000, 1000 })
            Assert.InRange(backoff.Next().TotalMilliseconds, full / 2.0, full);

        backoff.Reset();
        Assert.InRange(backoff.Next().TotalMilliseconds, 50, 100);
    }

    [Fact]
    public void Members_do_not_wait_alike()
    {
        IEnumerable<TimeSpan> first =
            Enumerable.Range(0, 20).Select(i => new Backoff(Min, Max, new Entropy((ulong)i)).Next());
        Assert.Equal(20, first.Distinct().Count());
    }

    [Fact]
    public void A_seed_gives_the_same_chance_again()
    {
        Entropy left = new(7), right = new(7);
        Assert.Equal(Enumerable.Range(0, 9).Select(_ => left.Next()), Enumerable.Range(0, 9).Select(_ => right.Next()));
    }

    [Fact]
    public void A_rate_limit_lets_a_burst_through_in_each_period_and_counts_the_rest()
    {
        FakeTimeProvider clock = new();
        RateLimit limit = new(clock, burst: 2, TimeSpan.FromSeconds(10));
        Assert.True(limit.TryTake(out _));
        Assert.True(limit.TryTake(out _));
        Assert.False(limit.TryTake(out _));
        Assert.False(limit.TryTake(out _));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(limit.TryTake(out long suppressed));
        Assert.Equal(2, suppressed);
        Assert.True(limit.TryTake(out suppressed));
        Assert.Equal(0, suppressed);
    }
}
