using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coord.Transport;

/// <summary>Sets up a <see cref="DiscoveryBootstrap"/>.</summary>
public sealed class DiscoveryOptions
{
    /// <summary>Gets or sets the URL of the token: the same text on every node of the cluster.</summary>
    /// <value>Required; such as <c>http://10.0.0.9:2379/discovery/</c> and 32 hexadecimal digits.</value>
    /// <remarks>Who knows it can take a place in the cluster, so it is never logged whole.</remarks>
    public string Url { get; set; } = "";

    /// <summary>Gets or sets how long an unreachable service is asked again before the node gives up.</summary>
    /// <value>5 minutes. Waiting for the other nodes has no limit: they may be started tomorrow.</value>
    public TimeSpan RetryTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets or sets how long to wait before a first new attempt; it doubles from there.</summary>
    /// <value>500 milliseconds; half of each wait is random.</value>
    public TimeSpan MinRetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Gets or sets the longest wait between attempts.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how long one request may take.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets how long the service may let the node wait for news before it is asked again.</summary>
    /// <value>6 minutes; the services that there are answer after five at the latest.</value>
    public TimeSpan LongPollTimeout { get; set; } = TimeSpan.FromMinutes(6);

    /// <summary>Gets or sets a value indicating whether a node that comes too late joins as a learner.</summary>
    /// <value>False: it ends with "cluster is full".</value>
    /// <remarks>
    /// A member that found its cluster by the same token lets it in, at its peer address; see
    /// <see cref="TcpTransportOptions.Admission"/>. <see cref="Transport"/> says how to connect.
    /// </remarks>
    public bool JoinIfFull { get; set; }

    /// <summary>Gets or sets how members are reached if the node comes too late.</summary>
    /// <value>Without certificates.</value>
    public TcpTransportOptions Transport { get; set; } = new();

    /// <summary>Gets or sets a file of the authorities by which an https service is trusted, PEM.</summary>
    /// <value>Empty: those that the system trusts.</value>
    public string TrustedCertificateFile { get; set; } = "";

    /// <summary>Gets or sets what makes HTTP requests.</summary>
    /// <value>
    /// Null: one of its own, which follows no redirection and trusts <see cref="TrustedCertificateFile"/>.
    /// </value>
    public HttpMessageHandler? Handler { get; set; }

    /// <summary>Makes what makes HTTP requests.</summary>
    /// <exception cref="BootstrapException">The file of authorities cannot be read.</exception>
    internal SocketsHttpHandler CreateHandler()
    {
        SocketsHttpHandler handler = new() { AllowAutoRedirect = false };
        if (TrustedCertificateFile.Length == 0)
            return handler;

        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(TrustedCertificateFile);
        }
        catch (Exception exception) when (
            exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw NoAuthorities(exception.Message.TrimEnd('.'), exception);
        }

        if (policy.CustomTrustStore.Count == 0)
            throw NoAuthorities("it has no certificate", null);

        handler.SslOptions.CertificateChainPolicy = policy;
        return handler;
    }

    private BootstrapException NoAuthorities(string why, Exception? cause) => new(
        $"The authorities of the discovery service cannot be read from {TrustedCertificateFile}: {why}. Name a file "
        + "of certificates in PEM.", cause);

    /// <summary>Returns what is wrong with the options, as a sentence; null if nothing is.</summary>
    internal string? Problem()
    {
        if (RetryTimeout < TimeSpan.Zero || RequestTimeout <= TimeSpan.Zero || LongPollTimeout <= TimeSpan.Zero)
            return $"{nameof(RetryTimeout)}, {nameof(RequestTimeout)} and {nameof(LongPollTimeout)} are positive.";
        if (MinRetryDelay <= TimeSpan.Zero || MaxRetryDelay < MinRetryDelay)
            return $"{nameof(MinRetryDelay)} is positive, and {nameof(MaxRetryDelay)} is not shorter.";

        return null;
    }
}
