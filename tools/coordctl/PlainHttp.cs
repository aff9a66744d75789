using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Coord.Client;

namespace Coord.Cli;

/// <summary>Asks a member's other paths than those of the store, with the flags' certificates.</summary>
public static class PlainHttp
{
    /// <summary>The address of the first endpoint, without a slash at its end.</summary>
    public static string AddressOf(CoordClientOptions options)
    {
        string endpoint = options.Endpoints[0];
        return (endpoint.Contains("://", StringComparison.Ordinal) ? endpoint : $"http://{endpoint}").TrimEnd('/');
    }

    public static HttpClient Create(CoordClientOptions options, int maxBytes)
    {
        SocketsHttpHandler handler = new() { ConnectTimeout = options.ConnectTimeout };
        SslClientAuthenticationOptions ssl = handler.SslOptions;
        if (options.TrustedCertificateFile is { } authority)
        {
            ssl.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            ssl.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authority);
        }

        if (options is { CertificateFile: { } certificate, KeyFile: { } key })
            ssl.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, key)];
#pragma warning disable CA5359 // the flag for it asks for exactly this
        if (options.SkipServerVerification)
            ssl.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        return new HttpClient(handler)
        {
            Timeout = options.RequestTimeout,
            MaxResponseContentBufferSize = maxBytes,
        };
    }

    /// <summary>Sends a request and returns the text of the answer.</summary>
    /// <exception cref="UsageException">The service wants a secret, or refuses.</exception>
    /// <exception cref="IOException">It cannot be reached.</exception>
    public static async Task<string> SendAsync(
        HttpClient http, HttpRequestMessage request, Uri service, CancellationToken cancellationToken)
    {
        string place = service.GetLeftPart(UriPartial.Path);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
            string answer = (await response.Content.ReadAsStringAsync(cancellationToken)).Trim();
            if (response.StatusCode is HttpStatusCode.Unauthorized)
                throw new UsageException($"{place} creates tokens only for who knows its secret; give --secret.");
            return response.IsSuccessStatusCode
                ? answer : throw new UsageException($"{place} refuses: {answer} ({(int)response.StatusCode})");
        }
        catch (HttpRequestException exception)
        {
            throw new IOException($"{place} cannot be reached: {exception.Message}", exception);
        }
        catch (TaskCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{place} did not answer in time.", exception);
        }
    }
}
