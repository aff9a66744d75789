using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coord.SampleHost.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Coord.SampleHost.Http;

/// <summary>What the client port shows and asks for when it speaks TLS.</summary>
internal sealed class ClientCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private readonly X509Certificate2 _server;
    private readonly X509Certificate2Collection? _authorities;
    private readonly RevocationList? _revoked;
    private readonly CipherSuitesPolicy? _suites;

    /// <exception cref="HostException">A file is not what the flag says.</exception>
    public ClientCertificates(HostSettings host)
    {
        CertificateSettings settings = host.ClientTls;
        if (host.CipherSuites.Count > 0 && !OperatingSystem.IsWindows())
            _suites = new CipherSuitesPolicy(host.CipherSuites);
        (string certFile, string keyFile) = settings.HasCertificate
            ? (settings.CertFile, settings.KeyFile)
            : SelfSignedCertificate.Ensure(host.DataDirectory, "client", host.ClientListen.Concat(host.MetricsListen));
        _server = Load("--cert-file and --key-file", () => Loadable(certFile, keyFile));
        if (settings.TrustedCaFile.Length > 0)
            _authorities = Load("--trusted-ca-file", () => LoadAuthorities(settings.TrustedCaFile));
        if (settings.CrlFile.Length > 0)
        {
            _revoked = new RevocationList(settings.CrlFile);
            Load("--client-crl-file", () => _revoked.Contains(_server));
        }
    }

    public void Configure(HttpsConnectionAdapterOptions options)
    {
        options.ServerCertificate = _server;
        if (_suites is { } suites)
            options.OnAuthenticate = (_, tls) => tls.CipherSuitesPolicy = suites;
        if (_authorities is null)
            return;

        // etcd asks for a certificate as soon as it knows authorities for it.
        options.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        options.ClientCertificateValidation = (certificate, chain, _) => IsTrusted(certificate, chain);
    }

    private bool IsTrusted(X509Certificate2 certificate, X509Chain? presented)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities!);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        foreach (X509ChainElement element in presented?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);

        return chain.Build(certificate) && !chain.ChainElements.Any(element => IsRevoked(element.Certificate));
    }

    private bool IsRevoked(X509Certificate2 certificate)
    {
        try
        {
            return _revoked?.Contains(certificate) ?? false;
        }
        catch (Exception exception) when (exception is IOException or CryptographicException)
        {
            return true;
        }
    }

    private static X509Certificate2 Loadable(string certFile, string keyFile)
    {
        using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(certFile, keyFile);

        // Some platforms' TLS cannot use a key that lives in memory alone.
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    private static X509Certificate2Collection LoadAuthorities(string path)
    {
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPemFile(path);
        return authorities.Count > 0 ? authorities : throw new CryptographicException($"{path} has no certificate.");
    }

    private static T Load<T>(string flags, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw HostException.CannotStart($"What {flags} names cannot be used: {exception.Message}", exception);
        }
    }
}
