using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using Coord.Cli.Output;

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
            using HttpClient http = PlainHttp.Create(context.ClientOptions, MaxAnswerLength);
            using HttpRequestMessage request = new(
                HttpMethod.Post, $"{service.AbsoluteUri.TrimEnd('/')}/new?size="
                + context.Get(size).ToString(CultureInfo.InvariantCulture));
            if (context.Get(secret) is { Length: > 0 } bearer)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
            string token = await PlainHttp.SendAsync(http, request, service, cancellationToken);
            if (!Uri.TryCreate(token, UriKind.Absolute, out _))
                throw new UsageException($"{service} is no discovery service; its answer is no URL.");

            Report report = new Report().Line(token);
            report.Json = json => json.WriteString("url", token);
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }

    private static Uri ServiceOf(Context context, string? given)
    {
        string text = given ?? PlainHttp.AddressOf(context.ClientOptions) + DefaultPath;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new UsageException($"'{text}' is no URL; use one such as http://10.0.0.9:2379/discovery.");
    }
}
