using Coord.Kv.Coordination;
using Coord.Raft;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests.Coordination;

/// <summary>A session is lost before its lease can be another's, and not as long as it is confirmed.</summary>
/// <remarks>Unless a test says otherwise: 15 seconds to live, a margin of 1.5, a keep-alive every 5.</remarks>
public sealed class CoordinationSessionTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly MemoryStore _store;
    private int _keepAlives;

    public CoordinationSessionTests()
    {
        _store = new(_clock);
        _store.After = Count;
    }

    [Fact]
    public async Task It_keeps_its_lease_alive_with_a_keep_alive_every_third_of_its_time()
    {
        await using CoordinationSession session = await OpenAsync();
        await session.Store.PutAsync("a"u8.ToArray(), default, new() { Lease = session.Lease });
        _clock.Pass(60);
        Assert.False(session.IsLost);
        Assert.Equal(12, _keepAlives);
        Assert.Equal(["a"], _store.Keys);
    }

    [Fact]
    public async Task It_is_lost_before_the_lease_ends_when_keep_alives_are_not_answered()
    {
        await using CoordinationSession session = await OpenAsync();
        await session.Store.PutAsync("a"u8.ToArray(), default, new() { Lease = session.Lease });
        _store.Before = Unanswered;
        _clock.Pass(13);
        Assert.False(session.IsLost);
        _clock.Pass(0.5);
        Assert.True(session.IsLost);
        await Soon.Cancelled(session.Lost);
        Assert.Equal(["a"], _store.Keys);
        Assert.Throws<SessionLostException>(session.ThrowIfLost);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_goes_on_trying_when_keep_alives_fail(bool isUnknown)
    {
        await using CoordinationSession session = await OpenAsync();
        _store.Before = name => name != "keepalive" ? null
            : isUnknown ? new OutcomeUnknownException("Who knows.") : new ProposalDroppedException("Full.");
        _clock.Pass(12);
        _store.Before = null;
        _clock.Pass(60);
        Assert.False(session.IsLost);
    }

    [Fact]
    public async Task A_keep_alive_that_is_never_answered_does_not_take_the_time_of_the_next()
    {
        await using CoordinationSession session = await OpenAsync();
        _store.Before = Unanswered;
        _clock.Pass(6);
        _store.Before = null;
        _clock.Pass(60);
        Assert.False(session.IsLost);
    }

    /// <summary>The lease may have been granted at any time between the sending and the answer.</summary>
    [Fact]
    public async Task Its_time_counts_from_the_sending_not_from_the_answer()
    {
        _store.After = name =>
        {
            if (name == "grant")
                _clock.Leap(4);
            return null;
        };
        await using CoordinationSession session = await OpenAsync();
        _store.Before = Unanswered;
        _clock.Pass(9);
        Assert.False(session.IsLost);
        _clock.Pass(0.5);
        Assert.True(session.IsLost);
    }

    [Fact]
    public async Task An_answer_after_the_deadline_does_not_revive_it()
    {
        await using CoordinationSession session = await OpenAsync();

        // As after a pause of the process: all that was due in between runs late, and the keep-alive is answered.
        _clock.Leap(14);
        await Soon.Cancelled(session.Lost);
        Assert.True(session.IsLost);
        Assert.Equal(1, _keepAlives);
    }

    [Fact]
    public async Task It_is_lost_at_once_when_the_store_says_that_the_lease_is_gone()
    {
        await using CoordinationSession session = await OpenAsync();
        _store.Expire(session.Lease);
        Assert.False(session.IsLost);
        _clock.Pass(5);
        await Soon.Cancelled(session.Lost);
    }

    [Fact]
    public async Task Disposing_it_says_so_first_and_then_revokes_the_lease_once()
    {
        CoordinationSession session = await OpenAsync();
        await session.Store.PutAsync("a"u8.ToArray(), default, new() { Lease = session.Lease });
        int revocations = 0;
        _store.Before = name =>
        {
            if (name == "revoke")
            {
                revocations++;
                Assert.True(session.Lost.IsCancellationRequested);
            }

            return null;
        };
        await session.DisposeAsync();
        await session.DisposeAsync();
        Assert.Equal(1, revocations);
        Assert.Empty(_store.Keys);
    }

    [Fact]
    public async Task Disposing_it_without_a_store_in_reach_ends_with_the_lease_and_does_not_throw()
    {
        CoordinationSession session = await OpenAsync();
        _store.Before = static _ => new OperationCanceledException();
        Task disposal = session.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        await Soon.Is(() =>
        {
            _clock.Leap(1);
            return disposal.IsCompleted;
        });
        await disposal;
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(10, -1)]
    [InlineData(10, 6)]
    public async Task Options_that_make_no_sense_are_refused(int timeToLive, int? margin)
    {
        CoordinationSessionOptions options = new()
        {
            TimeToLive = TimeSpan.FromSeconds(timeToLive),
            SafetyMargin = margin is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        await Assert.ThrowsAsync<ArgumentException>(
            () => CoordinationSession.CreateAsync(_store, options).AsTask());
    }

    private static OperationCanceledException? Unanswered(string name) =>
        name == "keepalive" ? new OperationCanceledException() : null;

    private Exception? Count(string name)
    {
        if (name == "keepalive")
            _keepAlives++;
        return null;
    }

    private async Task<CoordinationSession> OpenAsync() =>
        await CoordinationSession.CreateAsync(_store, new() { TimeProvider = _clock });
}
