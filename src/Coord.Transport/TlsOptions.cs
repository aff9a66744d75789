using System.Net.Security;

namespace Coord.Transport;

/// <summary>Sets up mutual TLS between members: each proves to each other, in both directions, who it is.</summary>
/// <remarks>
/// A member uses one certificate both when it dials and when it is dialled, so its extended key usage, if there is
/// one, has to allow both. Files are read again when they change; connections that are up are checked again then, and
/// when a certificate expires. Only TLS 1.2 and 1.3 are spoken. The system's trusted authorities count for nothing.
/// </remarks>
public sealed class TlsOptions
{
    /// <summary>Gets or sets the PEM file with this member's certificate, followed by intermediate ones.</summary>
    /// <value>Required.</value>
    public string CertificateFile { get; set; } = "";

    /// <summary>Gets or sets the PEM file with the certificate's private key.</summary>
    /// <value>Null: it is in <see cref="CertificateFile"/>.</value>
    public string? KeyFile { get; set; }

    /// <summary>Gets the PEM files with the authorities that may sign peers' certificates.</summary>
    /// <value>Empty, and at least one is required. During a change of the authority: the old and the new.</value>
    public IList<string> TrustedCertificateFiles { get; } = [];

    /// <summary>
    /// Gets or sets a value indicating whether any certificate will do: what is sent is encrypted, and nobody knows
    /// for whom.
    /// </summary>
    /// <value>False. If true, <see cref="TrustedCertificateFiles"/> may be empty and counts for nothing.</value>
    /// <remarks>
    /// It keeps out who only listens. Who can connect to the peer port can pass for any member, as without TLS.
    /// </remarks>
    public bool TrustsAnyCertificate { get; set; }

    /// <summary>Gets the files with certificate revocation lists, PEM or DER.</summary>
    /// <value>Empty: no certificate is revoked. Each list is signed by one of the authorities.</value>
    public IList<string> RevocationListFiles { get; } = [];

    /// <summary>Gets the names that any peer's certificate may be for.</summary>
    /// <value>
    /// Empty: a certificate must be for the host, by name or numeric address, at which the membership says that the
    /// member is.
    /// </value>
    /// <remarks>
    /// For certificates that are for the service and not for the machine. Whoever holds one can then pass for any
    /// member. Only subject alternative names count, never the common name, and no name is looked up.
    /// </remarks>
    public IList<string> AllowedNames { get; } = [];

    /// <summary>Gets the cipher suites that may be used.</summary>
    /// <value>Empty: the system decides. Without one of TLS 1.3's, only TLS 1.2 is spoken.</value>
    /// <remarks>Not on Windows, where only the system decides.</remarks>
    public IList<TlsCipherSuite> CipherSuites { get; } = [];

    /// <summary>Gets or sets how often to look whether the files have changed.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Returns what is wrong with the options, as a sentence; null if nothing is.</summary>
    internal string? Problem()
    {
        if (string.IsNullOrWhiteSpace(CertificateFile))
            return $"{nameof(CertificateFile)} is missing: name the PEM file of this member's certificate.";
        if (TrustedCertificateFiles.Count == 0 && !TrustsAnyCertificate)
            return $"{nameof(TrustedCertificateFiles)} is empty: name the file of the certificates' authority.";

        if (CipherSuites.Count > 0 && OperatingSystem.IsWindows())
            return $"{nameof(CipherSuites)} has no effect on Windows, where the system decides; leave it empty.";

        return ReloadInterval <= TimeSpan.Zero ? $"{nameof(ReloadInterval)} is positive." : null;
    }
}
