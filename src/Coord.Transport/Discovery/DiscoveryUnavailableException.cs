namespace Coord.Transport.Discovery;

/// <summary>The service did not answer, or cannot at present: trying again may help.</summary>
internal sealed class DiscoveryUnavailableException(
    string message, TimeSpan? retryAfter = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>How long the service asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
