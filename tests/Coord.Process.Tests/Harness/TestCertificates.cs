using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coord.Process.Tests.Harness;

/// <summary>An authority that lives as long as a test, and what it has issued.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly ECDsa _authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2 _client;
    private readonly X509Certificate2 _revoked;
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    public TestCertificates()
    {
        CertificateRequest request = new("CN=Test authority", _authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(_now.AddHours(-1), _now.AddDays(1));
        File.WriteAllText(CaFile, _authority.ExportCertificatePem());

        using X509Certificate2 node = Issue("node", 2);
        File.WriteAllText(CertFile, node.ExportCertificatePem());
        File.WriteAllText(KeyFile, node.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        _client = Issue("client", 3);
        _revoked = Issue("revoked", 4);

        CertificateRevocationListBuilder list = new();
        list.AddEntry(_revoked);
        File.WriteAllBytes(CrlFile, list.Build(
            _authority, 1, _now.AddDays(1), HashAlgorithmName.SHA256, null, _now.AddMinutes(-1)));
    }

    public string CaFile => _directory.File("ca.pem");

    public string CertFile => _directory.File("node.pem");

    public string KeyFile => _directory.File("node-key.pem");

    public string CrlFile => _directory.File("crl.der");

    public string[] Flags =>
    [
        "--cert-file", CertFile, "--key-file", KeyFile, "--trusted-ca-file", CaFile, "--client-cert-auth",
        "--client-crl-file", CrlFile,
        "--peer-cert-file", CertFile, "--peer-key-file", KeyFile, "--peer-trusted-ca-file", CaFile,
        "--peer-client-cert-auth",
    ];

    /// <summary>A client that shows a certificate of the authority and accepts only what that has issued.</summary>
    public HttpMessageHandler ClientHandler() => Handler(_client);

    public HttpMessageHandler RevokedHandler() => Handler(_revoked);

    public HttpMessageHandler AnonymousHandler() => Handler(null);

    public void Dispose()
    {
        _directory.Dispose();
        _authority.Dispose();
        _client.Dispose();
        _revoked.Dispose();
        _authorityKey.Dispose();
    }

    private SocketsHttpHandler Handler(X509Certificate2? certificate)
    {
        SslClientAuthenticationOptions tls = new()
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            },
        };
        tls.CertificateChainPolicy.CustomTrustStore.Add(_authority);
        if (certificate is not null)
            tls.ClientCertificates = [certificate];

        return new SocketsHttpHandler { SslOptions = tls };
    }

    private X509Certificate2 Issue(string name, byte serial)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        using X509Certificate2 issued = request.Create(
            _authority, _now.AddMinutes(-5), _now.AddHours(23), [1, 0, serial]);
        return issued.CopyWithPrivateKey(key);
    }
}
