using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coord.SampleHost.Configuration;

/// <summary>A certificate that nobody vouches for, kept in the data directory as etcd keeps its own.</summary>
/// <remarks>
/// It is made once and used again, so that a client may remember it. One that ends within a day is made anew at start.
/// </remarks>
internal static class SelfSignedCertificate
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Returns the files of the certificate for one of the two ports, making them if need be.</summary>
    /// <param name="dataDirectory">The member's directory.</param>
    /// <param name="port">Which of the two, <c>client</c> or <c>peer</c>.</param>
    /// <param name="urls">Whose hosts it is for.</param>
    /// <exception cref="HostException">They cannot be written.</exception>
    public static (string CertFile, string KeyFile) Ensure(
        string dataDirectory, string port, IEnumerable<PortUrl> urls)
    {
        string folder = Path.Combine(dataDirectory, "fixtures", port);
        string certFile = Path.Combine(folder, "cert.pem"), keyFile = Path.Combine(folder, "key.pem");
        try
        {
            if (!IsUsable(certFile, keyFile))
                Make(folder, certFile, keyFile, urls);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw HostException.CannotStart($"No certificate can be kept in {folder}: {exception.Message}", exception);
        }

        return (certFile, keyFile);
    }

    private static bool IsUsable(string certFile, string keyFile)
    {
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(certFile, keyFile);
            return certificate.NotAfter.ToUniversalTime() > TimeProvider.System.GetUtcNow().AddDays(1).UtcDateTime;
        }
        catch (Exception exception) when (exception is IOException or CryptographicException)
        {
            return false;
        }
    }

    private static void Make(string folder, string certFile, string keyFile, IEnumerable<PortUrl> urls)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("O=coord-host", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        foreach (string host in urls.Select(url => url.Host).Append("localhost").Distinct())
        {
            if (IPAddress.TryParse(host, out IPAddress? address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid(ServerAuthentication), new Oid(ClientAuthentication)], critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddHours(-1), now.AddYears(1));

        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, Private);

        Write(keyFile, key.ExportPkcs8PrivateKeyPem());
        Write(certFile, made.ExportCertificatePem());
    }

    private static void Write(string path, string text)
    {
        // Beside it first: a file that a crash left half-written would look like a key that is none.
        string temporary = path + ".tmp";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        using (StreamWriter writer = new(temporary, options))
            writer.Write(text);

        File.Move(temporary, path, overwrite: true);
    }
}
