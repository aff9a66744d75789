using System.CommandLine;
using System.Text;
using Coord.Cli.Output;
using Coord.Client;
using Coord.Kv;

namespace Coord.Cli;

/// <summary>One run of one command: what was given, the client, and where the answer goes.</summary>
public sealed class Context : IAsyncDisposable
{
    private readonly ParseResult _parsed;
    private CoordClient? _client;

    /// <param name="parsed">The command line.</param>
    /// <param name="program">What comes after "--": a program to run.</param>
    /// <param name="terminal">Where to read and write.</param>
    public Context(ParseResult parsed, IReadOnlyList<string> program, Terminal terminal)
    {
        _parsed = parsed;
        Program = program;
        Terminal = terminal;
        Hex = GlobalOptions.IsOn(parsed, GlobalOptions.Hex, terminal);
        Printer = new(terminal, GlobalOptions.FormatOf(parsed, terminal), Hex);
    }

    public IReadOnlyList<string> Program { get; }

    public ParseResult Parsed => _parsed;

    public Terminal Terminal { get; }

    public Printer Printer { get; }

    public bool Hex { get; }

    /// <summary>Gets the header of the last answer.</summary>
    public ServerHeader Header { get; private set; }

    public CoordClient Client
    {
        get
        {
            if (_client is null)
            {
                CoordClientOptions options = GlobalOptions.ClientOptions(_parsed, Terminal);
                options.HeaderReceived = header => Header = header;
                _client = new(options);
            }

            return _client;
        }
    }

    public IKeyValueStore Store => Client;

    /// <summary>What the flags say of servers and certificates, for what is not the client's to do.</summary>
    public CoordClientOptions ClientOptions => GlobalOptions.ClientOptions(_parsed, Terminal);

    /// <summary>A client of one endpoint alone; the caller disposes it.</summary>
    public CoordClient ClientOf(string endpoint)
    {
        CoordClientOptions options = GlobalOptions.ClientOptions(_parsed, Terminal);
        options.Endpoints.Clear();
        options.Endpoints.Add(endpoint);
        options.HeaderReceived = header => Header = header;
        return new(options);
    }

    public T Get<T>(Option<T> option) => _parsed.GetValue(option)!;

    public T Get<T>(Argument<T> argument) => _parsed.GetValue(argument)!;

    public bool IsGiven(Option option) => _parsed.GetResult(option) is { Implicit: false };

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>The keys that etcdctl's arguments and flags name.</summary>
    public static KeyRange Range(string key, string? end, bool prefix, bool fromKey)
    {
        if (prefix && fromKey)
            throw new UsageException("--prefix and --from-key exclude each other.");
        if (end is not null && (prefix || fromKey))
            throw new UsageException("A range end excludes --prefix and --from-key.");
        if (key.Length == 0 && !prefix && !fromKey)
            throw new UsageException("The key is empty. For all keys: \"\" --prefix.");
        if (key.Length == 0)
            return KeyRange.All;

        return prefix ? KeyRange.Prefix(key) : fromKey ? KeyRange.From(key) : end is null
            ? KeyRange.Single(key) : new(Bytes(key), Bytes(end));
    }

    public static LeaseId Lease(string text) =>
        long.TryParse(
            text,
            System.Globalization.NumberStyles.AllowHexSpecifier,
            System.Globalization.CultureInfo.InvariantCulture,
            out long id)
            ? new(id)
            : throw new UsageException($"'{text}' is no lease: use the hexadecimal id that lease list shows.");

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? default;
}
