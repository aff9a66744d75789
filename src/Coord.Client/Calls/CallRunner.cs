using Coord.Client.Connections;
using Coord.Raft;
using Grpc.Core;

namespace Coord.Client.Calls;

/// <summary>Runs unary calls: tries again where that is safe, elsewhere says that the outcome is unknown.</summary>
internal sealed class CallRunner(EndpointPool pool, CoordClientOptions options, TimeProvider clock) : IDisposable
{
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    public static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly WriteSessions _sessions = new();

    /// <summary>Gets or sets what every call waits for before it is sent.</summary>
    public Func<Task?>? Before { get; set; }

    /// <summary>Gets or sets what shortens that wait, when it takes long.</summary>
    public Action? Hurry { get; set; }

    /// <summary>The metadata by which a member that knows no leader says so at once.</summary>
    public static Metadata RequireLeader() => new() { { "hasleader", "true" } };

    /// <summary>Runs a call that changes nothing; a failed attempt is repeated.</summary>
    public ValueTask<T> ReadAsync<T>(
        Func<Endpoint, CallOptions, AsyncUnaryCall<T>> call,
        bool needsLeader,
        CancellationToken cancellationToken) =>
        RunAsync(call, needsLeader, false, null, null, cancellationToken);

    /// <summary>
    /// Runs a call that may change something; repeated only if it surely did not happen, or is one of a session.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="inSession">Whether it is one of those that the log itself tells apart.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<T> WriteAsync<T>(
        Func<Endpoint, CallOptions, AsyncUnaryCall<T>> call, bool inSession, CancellationToken cancellationToken)
    {
        using WriteAttempts? attempts = inSession && options.UseSessions ? new(_sessions) : null;
        return await RunAsync(call, true, true, null, attempts, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a call at one endpoint, once: what it asks is about that very member.</summary>
    public ValueTask<T> AtAsync<T>(
        Endpoint endpoint,
        Func<Endpoint, CallOptions, AsyncUnaryCall<T>> call,
        bool writes,
        CancellationToken cancellationToken) =>
        RunAsync(call, false, writes, endpoint, null, cancellationToken);

    public void Dispose() => _sessions.Dispose();

    private async ValueTask<T> RunAsync<T>(
        Func<Endpoint, CallOptions, AsyncUnaryCall<T>> call,
        bool needsLeader,
        bool writes,
        Endpoint? only,
        WriteAttempts? attempts,
        CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        TimeSpan pause = FirstPause;
        if (Before?.Invoke() is { } before)
            await WaitAsync(before, writes, cancellationToken).ConfigureAwait(false);

        while (true)
        {
            Endpoint endpoint = only ?? pool.Current;
            Failure? failure;
            TimeSpan left = options.RequestTimeout - clock.GetElapsedTime(start);
            using (CancellationTokenSource limit = new(Attempt(left, endpoint, writes, only), clock))
            using (CancellationTokenSource both =
                CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken))
            {
                try
                {
                    failure = attempts is null
                        ? null
                        : await attempts.PrepareAsync(endpoint, both.Token).ConfigureAwait(false);
                    if (failure is null)
                    {
                        Metadata? metadata = needsLeader ? RequireLeader() : null;
                        attempts?.AddTo(metadata!);
                        using AsyncUnaryCall<T> running =
                            call(endpoint, new(metadata, cancellationToken: both.Token));
                        return await running.ResponseAsync.ConfigureAwait(false);
                    }
                }
                catch (Exception exception) when (exception is RpcException or OperationCanceledException)
                {
                    failure = Failure.Of(exception);
                    failure = attempts?.Judge(failure) ?? failure;
                }
            }

            cancellationToken.ThrowIfCancellationRequested();

            if (failure.Certainty is Certainty.Refused)
                throw failure.Cause;
            if (failure.MoveOn && only is null)
                pool.Failed(endpoint);
            if (failure.Certainty is Certainty.Unclear && writes && attempts?.CanRepeat != true)
                throw Unknown(endpoint, failure);
            // An attempt gets as much time as the pause before it, at least: one that time cuts off while it connects
            // would turn what surely did not happen into what nobody knows.
            if (only is not null || clock.GetElapsedTime(start) + (2 * pause) >= options.RequestTimeout)
            {
                throw attempts?.MayHaveHappened == true
                    ? Unknown(endpoint, failure) : GaveUp(endpoint, failure, writes);
            }

            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>What can be repeated leaves time for another endpoint, as the first may hang.</summary>
    private TimeSpan Attempt(TimeSpan left, Endpoint endpoint, bool writes, Endpoint? only)
    {
        TimeSpan least = TimeSpan.FromMilliseconds(1);
        bool once = only is not null || (writes && endpoint.Support is not SessionSupport.Served);
        TimeSpan attempt = once || pool.Count == 1 ? left : left / 2;
        return attempt > least ? attempt : least;
    }

    private async ValueTask WaitAsync(Task before, bool writes, CancellationToken cancellationToken)
    {
        try
        {
            Task pause = Task.Delay(LongestWait, clock, cancellationToken);
            if (await Task.WhenAny(before, pause).ConfigureAwait(false) == pause)
                Hurry?.Invoke();
            await before.WaitAsync(options.RequestTimeout, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw GaveUp(
                pool.Current, new(Certainty.NotDone, true, "a watch begun before could not start", exception), writes);
        }
    }

    private static OutcomeUnknownException Unknown(Endpoint endpoint, Failure failure) => new(
        $"{endpoint.Name} did not say what became of the request ({failure.Text}). Read before trying again.",
        failure.Cause);

    private CoordException GaveUp(Endpoint endpoint, Failure failure, bool writes)
    {
        if (failure.IsNoLeader)
            return new NotLeaderException(default);

        string text = $"No answer within {options.RequestTimeout.TotalSeconds:0.###} s; the last attempt, at "
            + $"{endpoint.Name}: {failure.Text}. Endpoints: {string.Join(", ", pool.Names)}.";
        return writes ? new ProposalDroppedException(text) : new CoordTimeoutException(text);
    }
}
