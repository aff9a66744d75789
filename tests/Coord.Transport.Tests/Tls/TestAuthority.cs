using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coord.Transport.Tests.Tls;

/// <summary>An authority that lives as long as a test, and the files of what it signs.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string Server = "1.3.6.1.5.5.7.3.1";
    private const string Client = "1.3.6.1.5.5.7.3.2";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coord-tls-");
    private readonly DateTimeOffset _now;
    private readonly CertificateRevocationListBuilder _revoked = new();
    private int _serial;

    public TestAuthority(DateTimeOffset? now = null, string name = "Test authority")
    {
        _now = now ?? TimeProvider.System.GetUtcNow();
        CertificateRequest request = new($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(_now.AddDays(-30), _now.AddDays(3650));
        File.WriteAllText(CertificateFile, _certificate.ExportCertificatePem());
    }

    public string CertificateFile => Path.Combine(_folder.FullName, "ca.pem");

    public string RevocationFile => Path.Combine(_folder.FullName, "crl.pem");

    /// <summary>
    /// Options with a certificate of this authority, good for the loopback address unless said otherwise.
    /// </summary>
    public TlsOptions Options(Leaf? leaf = null, TestAuthority? trusts = null)
    {
        leaf ??= new Leaf();
        string file = Path.Combine(_folder.FullName, $"node{++_serial}.pem");
        TlsOptions options = new() { CertificateFile = file, KeyFile = file + ".key" };
        options.TrustedCertificateFiles.Add((trusts ?? this).CertificateFile);
        WriteLeaf(options, leaf);
        return options;
    }

    /// <summary>Writes a certificate and its key to where the options look for them.</summary>
    public X509Certificate2 WriteLeaf(TlsOptions options, Leaf leaf)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={leaf.CommonName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        SubjectAlternativeNameBuilder names = new();
        foreach (string name in leaf.Names)
        {
            if (IPAddress.TryParse(name, out IPAddress? ip))
                names.AddIpAddress(ip);
            else
                names.AddDnsName(name);
        }

        if (leaf.Names.Length > 0)
            request.CertificateExtensions.Add(names.Build());
        if (leaf.Usages.Length > 0)
        {
            OidCollection usages = [];
            foreach (string usage in leaf.Usages)
                usages.Add(new Oid(usage == "server" ? Server : Client));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        }

        byte[] serial = [1, 2, 3, (byte)++_serial];
        X509Certificate2 certificate =
            request.Create(_certificate, _now.AddDays(leaf.FromDays), _now.AddDays(leaf.UntilDays), serial);
        File.WriteAllText(options.KeyFile!, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(options.CertificateFile, certificate.ExportCertificatePem());
        return certificate;
    }

    /// <summary>Puts the certificate in a file on the list of revoked ones.</summary>
    public void Revoke(TlsOptions options)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(options.CertificateFile));
        _revoked.AddEntry(certificate.SerialNumberBytes.Span, _now);
        WriteRevocations();
    }

    public void WriteRevocations()
    {
        byte[] list = _revoked.Build(
            _certificate, 1, _now.AddDays(30), HashAlgorithmName.SHA256, thisUpdate: _now.AddDays(-1));
        File.WriteAllText(RevocationFile, PemEncoding.WriteString("X509 CRL", list));
    }

    public void Dispose()
    {
        _key.Dispose();
        _certificate.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>What a certificate says.</summary>
    public sealed record Leaf
    {
        public string CommonName { get; init; } = "node";

        public string[] Names { get; init; } = ["127.0.0.1"];

        public string[] Usages { get; init; } = ["server", "client"];

        public double FromDays { get; init; } = -1;

        public double UntilDays { get; init; } = 30;
    }
}
