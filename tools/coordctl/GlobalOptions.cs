using System.CommandLine;
using Coord.Cli.Output;
using Coord.Client;
using Coord.Shared;

namespace Coord.Cli;

/// <summary>The flags that every command takes, with etcdctl's names, and what they mean for the client.</summary>
/// <remarks>Each can be given in the environment, as COORDCTL_ENDPOINTS or ETCDCTL_ENDPOINTS for example.</remarks>
public static class GlobalOptions
{
    public static readonly Option<string?> Endpoints =
        new("--endpoints") { Description = "Addresses of members, separated by commas [127.0.0.1:2379]" };

    public static readonly Option<string?> WriteOut =
        new("--write-out", "-w") { Description = "simple, json, fields or table [a table for people, else simple]" };

    public static readonly Option<string?> CaCert =
        new("--cacert") { Description = "PEM file of the authority that signs the servers' certificates" };

    public static readonly Option<string?> Cert = new("--cert") { Description = "PEM file of the client certificate" };

    public static readonly Option<string?> Key = new("--key") { Description = "PEM file of the client's private key" };

    public static readonly Option<bool> SkipVerify = new("--insecure-skip-tls-verify")
    {
        Description = "Accept any server certificate: for tests alone",
    };

    public static readonly Option<bool> Insecure = new("--insecure-transport")
    {
        Description = "Accepted as in etcdctl; http and https in the endpoints decide",
    };

    public static readonly Option<bool> Debug =
        new("--debug") { Description = "Accepted as in etcdctl; errors say all there is in any case" };

    public static readonly Option<bool> Hex = new("--hex") { Description = "Print keys and values in hexadecimal" };

    public static readonly Option<string?> DialTimeout =
        new("--dial-timeout") { Description = "How long a connection may take [2s]" };

    public static readonly Option<string?> CommandTimeout =
        new("--command-timeout") { Description = "How long an answer may take [5s]" };

    public static readonly Option<string?> KeepAliveTime =
        new("--keepalive-time") { Description = "After how long a silent connection is asked for a sign [10s]" };

    public static readonly Option<string?> KeepAliveTimeout =
        new("--keepalive-timeout") { Description = "How long the sign may take [5s]" };

    public static IReadOnlyList<Option> All { get; } =
    [
        Endpoints, WriteOut, CaCert, Cert, Key, SkipVerify, Insecure, Debug, Hex, DialTimeout, CommandTimeout,
        KeepAliveTime, KeepAliveTimeout,
    ];

    public static string? Value(ParseResult parsed, Option<string?> option, Terminal terminal) =>
        parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option) : FromEnvironment(option, terminal);

    public static bool IsOn(ParseResult parsed, Option<bool> option, Terminal terminal)
    {
        if (parsed.GetResult(option) is { Implicit: false })
            return parsed.GetValue(option);

        string text = FromEnvironment(option, terminal) ?? "false";
        return bool.TryParse(text, out bool on)
            ? on : throw new UsageException($"{option.Name} is '{text}' in the environment; use true or false.");
    }

    public static Format FormatOf(ParseResult parsed, Terminal terminal) => Value(parsed, WriteOut, terminal) switch
    {
        null or "" => terminal.IsInteractive ? Format.Table : Format.Simple,
        "simple" => Format.Simple,
        "json" => Format.Json,
        "fields" => Format.Fields,
        "table" => Format.Table,
        string other => throw new UsageException($"-w {other} is unknown; use simple, json, fields or table."),
    };

    public static CoordClientOptions ClientOptions(ParseResult parsed, Terminal terminal)
    {
        CoordClientOptions options = new()
        {
            TrustedCertificateFile = Value(parsed, CaCert, terminal),
            CertificateFile = Value(parsed, Cert, terminal),
            KeyFile = Value(parsed, Key, terminal),
            SkipServerVerification = IsOn(parsed, SkipVerify, terminal),
            RequestTimeout = Duration(parsed, CommandTimeout, terminal, "5s"),
            ConnectTimeout = Duration(parsed, DialTimeout, terminal, "2s"),
            KeepAliveInterval = Duration(parsed, KeepAliveTime, terminal, "10s"),
            KeepAliveTimeout = Duration(parsed, KeepAliveTimeout, terminal, "5s"),

            // It makes one write and ends: opening a session would cost as much again.
            UseSessions = false,
        };
        string endpoints = Value(parsed, Endpoints, terminal) ?? "127.0.0.1:2379";
        foreach (string endpoint in endpoints.Split(
            ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            options.Endpoints.Add(endpoint);
        }

        return options.Validate() is { Count: > 0 } problems
            ? throw new UsageException(string.Join(' ', problems)) : options;
    }

    /// <summary>Reads a duration as Go writes it: 5s, 100ms, 1m30s.</summary>
    public static TimeSpan ParseDuration(string text, string flag) =>
        GoDuration.TryParse(text, out TimeSpan duration)
            ? duration
            : throw new UsageException($"{flag} is '{text}'; use a duration such as 5s, 100ms or 1m30s.");

    private static string? FromEnvironment(Option option, Terminal terminal)
    {
        string name = option.Name.TrimStart('-').Replace('-', '_').ToUpperInvariant();
        return terminal.Variable($"COORDCTL_{name}") ?? terminal.Variable($"ETCDCTL_{name}");
    }

    private static TimeSpan Duration(ParseResult parsed, Option<string?> option, Terminal terminal, string otherwise) =>
        ParseDuration(Value(parsed, option, terminal) ?? otherwise, option.Name);
}
