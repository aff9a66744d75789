using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Coord.Transport.Tls;

/// <summary>The certificates and lists that were read from the files at one moment. Immutable.</summary>
internal sealed class TlsMaterial
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection _authorities;
    private readonly IReadOnlyList<RevocationList> _revocations;
    private readonly bool _trustsAny;

    private TlsMaterial(
        X509Certificate2 certificate, X509Certificate2Collection intermediates,
        X509Certificate2Collection authorities, IReadOnlyList<RevocationList> revocations, bool trustsAny)
    {
        _trustsAny = trustsAny;
        Certificate = certificate;
        Own = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
        _authorities = authorities;
        _revocations = revocations;
    }

    /// <summary>Gets this member's certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Gets this member's certificate with what leads from it to an authority.</summary>
    public SslStreamCertificateContext Own { get; }

    /// <summary>Makes sense of the files.</summary>
    /// <exception cref="CryptographicException">They cannot be read.</exception>
    public static TlsMaterial Create(TlsOptions options, TlsFiles files)
    {
        string chain = Encoding.UTF8.GetString(files.Certificate);
        using X509Certificate2 ephemeral =
            X509Certificate2.CreateFromPem(chain, files.Key is null ? chain : Encoding.UTF8.GetString(files.Key));
        // Some systems cannot use a key for TLS that has never been in a store; this makes one for all of them.
        X509Certificate2 certificate =
            X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), password: null);

        X509Certificate2Collection intermediates = [];
        intermediates.ImportFromPem(chain);
        if (intermediates.Count > 0)
            intermediates.RemoveAt(0);

        X509Certificate2Collection authorities = [];
        foreach (byte[] file in files.Authorities)
            authorities.ImportFromPem(Encoding.UTF8.GetString(file));
        if (authorities.Count == 0 && !options.TrustsAnyCertificate)
        {
            string names = string.Join(", ", options.TrustedCertificateFiles);
            throw new CryptographicException($"There is no certificate in {names}.");
        }

        X509Certificate2Collection issuers = [.. authorities, .. intermediates];
        List<RevocationList> revocations = [.. files.Revocations.Select(file => RevocationList.Read(file, issuers))];
        return new TlsMaterial(certificate, intermediates, authorities, revocations, options.TrustsAnyCertificate);
    }

    /// <summary>Returns why a peer's certificate is not to be trusted, whoever the peer is; or null.</summary>
    /// <param name="certificate">The peer's certificate.</param>
    /// <param name="sent">The certificates that the peer sent with it.</param>
    /// <param name="isServer">Whether the peer was dialled; otherwise it dialled.</param>
    /// <param name="now">The time.</param>
    /// <param name="notAfter">When the first certificate of the chain expires.</param>
    public string? Check(
        X509Certificate2 certificate, X509Certificate2Collection sent, bool isServer, DateTimeOffset now,
        out DateTimeOffset notAfter)
    {
        if (_trustsAny)
        {
            notAfter = DateTimeOffset.MaxValue;
            return null;
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // Ours are in files, and are checked below.
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(isServer ? ServerAuthentication : ClientAuthentication));

        bool isValid = chain.Build(certificate);
        notAfter = chain.ChainElements.Select(element => new DateTimeOffset(element.Certificate.NotAfter))
            .DefaultIfEmpty(new DateTimeOffset(certificate.NotAfter)).Min();
        if (!isValid)
        {
            string why = string.Join(
                ' ', chain.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct());
            return $"The certificate of {certificate.Subject} is not valid: {why}";
        }

        foreach (X509ChainElement element in chain.ChainElements)
        {
            if (_revocations.Any(list => list.Revokes(element.Certificate)))
                return $"The certificate of {element.Certificate.Subject} has been revoked.";
        }

        return null;
    }
}
