using System.Net.Security;
using System.Security.Cryptography;
using Coord.Transport.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Tls;

/// <summary>Holds the certificates in use, and reads them again when their files change.</summary>
/// <remarks>
/// A change that cannot be read, such as a certificate whose key has not been written yet, leaves the former ones in
/// use and is tried again. Thread-safe.
/// </remarks>
internal sealed class TlsContext(TlsOptions options, TimeProvider timeProvider, ILogger logger) : IAsyncDisposable
{
    private TlsMaterial? _material;
    private string _digest = "";
    private ITimer? _timer;

    /// <summary>Gets the options.</summary>
    public TlsOptions Options => options;

    /// <summary>Gets what may be used to encrypt; null leaves it to the system.</summary>
    public CipherSuitesPolicy? Suites { get; } =
        options.CipherSuites.Count == 0 || OperatingSystem.IsWindows() ? null : new(options.CipherSuites);

    /// <summary>Gets the certificates in use.</summary>
    public TlsMaterial Material =>
        Volatile.Read(ref _material) ?? throw new InvalidOperationException("The transport has not been started.");

    /// <summary>Gets the time.</summary>
    public DateTimeOffset Now => timeProvider.GetUtcNow();

    /// <summary>Reads the files, and begins to watch them.</summary>
    /// <exception cref="TransportException">They cannot be read.</exception>
    public void Start()
    {
        try
        {
            Load();
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw new TransportException($"Cannot read the certificates for TLS: {e.Message}", e);
        }

        _timer = timeProvider.CreateTimer(
            static state => ((TlsContext)state!).Reload(), this, options.ReloadInterval, options.ReloadInterval);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Reload()
    {
        try
        {
            Load();
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            Log.CertificateReloadFailed(logger, e.Message);
        }
    }

    private void Load()
    {
        TlsFiles files = TlsFiles.Read(options);
        string digest = files.Digest();
        if (digest == _digest)
            return;

        TlsMaterial material = TlsMaterial.Create(options, files);
        Volatile.Write(ref _material, material);
        _digest = digest;
        Log.CertificateLoaded(logger, material.Certificate.Subject, new DateTimeOffset(material.Certificate.NotAfter));
    }

    private static bool IsUnreadable(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException
            or FormatException;
}
