using Coord.Transport.Connections;
using Coord.Transport.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Discovery;

/// <summary>Asks an unreachable service again, with waits that double and are half chance, up to a deadline.</summary>
internal sealed class Retry(
    DiscoveryUrl url, DiscoveryOptions options, Entropy entropy, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>Runs one step until it gets an answer.</summary>
    /// <param name="goal">What the step is for, to continue "It is asked ...".</param>
    /// <param name="step">The step; <see cref="DiscoveryUnavailableException"/> lets it be run again.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BootstrapException">The service was out of reach for too long.</exception>
    public async Task<T> RunAsync<T>(
        string goal, Func<CancellationToken, Task<T>> step, CancellationToken cancellationToken)
    {
        Backoff backoff = new(options.MinRetryDelay, options.MaxRetryDelay, entropy);
        long start = timeProvider.GetTimestamp();
        while (true)
        {
            TimeSpan wait;
            try
            {
                return await step(cancellationToken).ConfigureAwait(false);
            }
            catch (DiscoveryUnavailableException exception)
            {
                wait = WaitAfter(exception, backoff, start);
                Log.DiscoveryUnavailable(logger, url.Service, url.LastDigits, goal, exception.Message, wait);
            }

            await Task.Delay(wait, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits a little, so that a service that answers at once is not asked without end.</summary>
    public Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(
        new Backoff(options.MinRetryDelay, options.MaxRetryDelay, entropy).Next(), timeProvider, cancellationToken);

    private TimeSpan WaitAfter(DiscoveryUnavailableException exception, Backoff backoff, long start)
    {
        TimeSpan left = options.RetryTimeout - timeProvider.GetElapsedTime(start);
        if (left <= TimeSpan.Zero)
        {
            throw new BootstrapException(
                $"The discovery service for {url} has been out of reach for {options.RetryTimeout}: "
                + $"{exception.Message}. Check the URL and the network, and start the node again.",
                exception);
        }

        TimeSpan wait = backoff.Next();
        if (exception.RetryAfter is { } asked && asked > wait)
            wait = asked;
        return wait < left ? wait : left;
    }
}
