using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Coord.Cli.Output;
using Coord.Client;

namespace Coord.Cli.Commands;

/// <summary>Tokens by which the members of a new cluster find each other.</summary>
public static class DiscoveryCommands
{
    private const string DefaultPath = "/discovery";
    private const int MaxAnswerLength = 4_096;

    public static Command Create(VerbFactory verbs) =>
        VerbFactory.Group("discovery", "Tokens by which the members of a new cluster find each other", New(verbs));

    private static Command New(VerbFactory verbs)
    {
        Option<int> size = new("--size") { Description = "How many members the cluster begins with [3]" };
        size.DefaultValueFactory = _ => 3;
        Option<string?> url = new("--url")
        {
            Description = "The discovery service [/discovery at the first endpoint]",
        };
        Option<string?> secret = new("--secret") { Description = "What the service asks of who creates tokens" };
        return verbs.Create("new", "Prints the URL of a new token, for --discovery", RunAsync, size, url, secret);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            Uri service = ServiceOf(context, context.Get(url));
            using HttpClient http = CreateHttp(context.ClientOptions);
            using HttpRequestMessage request = new(
                HttpMethod.Post, $"{service.AbsoluteUri.TrimEnd('/')}/new?size="
                + context.Get(size).ToString(CultureInfo.InvariantCulture));
            if (context.Get(secret) is { Length: > 0 } bearer)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
            string token = await SendAsync(http, request, service, cancellationToken);
            Report report = new Report().Line(token);
            report.Json = json => json.WriteString("url", token);
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }

    private static async Task<string> SendAsync(
        HttpClient http, HttpRequestMessage request, Uri service, CancellationToken cancellationToken)
    {
        string place = service.GetLeftPart(UriPartial.Path);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
            string answer = (await response.Content.ReadAsStringAsync(cancellationToken)).Trim();
            if (response.StatusCode is HttpStatusCode.Unauthorized)
                throw new UsageException($"{place} creates tokens only for who knows its secret; give --secret.");
            if (!response.IsSuccessStatusCode)
                throw new UsageException($"{place} refuses: {answer} ({(int)response.StatusCode})");

            return Uri.TryCreate(answer, UriKind.Absolute, out _)
                ? answer
                : throw new UsageException($"{place} is no discovery service; its answer is no URL.");
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

    private static Uri ServiceOf(Context context, string? given)
    {
        string endpoint = context.ClientOptions.Endpoints[0];
        string address = endpoint.Contains("://", StringComparison.Ordinal) ? endpoint : $"http://{endpoint}";
        string text = given ?? address.TrimEnd('/') + DefaultPath;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new UsageException($"'{text}' is no URL; use one such as http://10.0.0.9:2379/discovery.");
    }

    private static HttpClient CreateHttp(CoordClientOptions options)
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
            MaxResponseContentBufferSize = MaxAnswerLength,
        };
    }
}
