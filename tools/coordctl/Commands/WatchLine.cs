using System.CommandLine;
using Coord.Kv;

namespace Coord.Cli.Commands;

/// <summary>What one watch is to watch.</summary>
public sealed record WatchRequest(KeyRange Range, WatchOptions Options, IReadOnlyList<string> Program);

/// <summary>Reads what to watch: from a command line, from a line that is typed, or from the environment.</summary>
public sealed class WatchLine
{
    private const string Verb = "watch";
    private const string KeyVariable = "WATCH_KEY";
    private const string EndVariable = "WATCH_RANGE_END";

    private readonly Argument<string?> _key = new("key") { Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string?> _end = new("range-end") { Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _prefix = new("--prefix") { Description = "All keys that start with the key" };
    private readonly Option<bool> _fromKey = new("--from-key") { Description = "All keys from the key on" };
    private readonly Option<long> _revision =
        new("--rev") { Description = "The first revision to see [what comes from now on]" };

    private readonly Option<bool> _previous = new("--prev-kv") { Description = "Print the version before, too" };
    private readonly Option<bool> _progress = new("--progress-notify") { Description = "Print reports of progress" };

    /// <summary>Gets the arguments and options of the command.</summary>
    public Symbol[] Parts => [_key, _end, _prefix, _fromKey, _revision, _previous, _progress];

    /// <summary>Reads a line such as <c>watch foo --prefix -- echo changed</c>.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public WatchRequest Parse(string line, Terminal terminal)
    {
        string[] words = [.. TransactionText.Words(line)];
        if (words is not [Verb, ..])
            throw new UsageException($"'{line}' is no line such as: watch key --prefix");

        string[] own = [.. words.Skip(1).TakeWhile(word => word != "--")];
        Command command = VerbFactory.Group(Verb, "", Parts);
        ParseResult parsed = command.Parse(own);
        string? problem = CommandTree.UnknownFlag(parsed) is { } flag
            ? $"There is no flag '{flag}'." : parsed.Errors.Select(error => error.Message).FirstOrDefault();
        return problem is null
            ? Read(parsed, [.. words.Skip(own.Length + 2)], terminal) : throw new UsageException(problem);
    }

    /// <summary>Takes what the command line gave.</summary>
    /// <exception cref="UsageException">There is no key, or one too many.</exception>
    public WatchRequest Read(Context context) => Read(context.Parsed, context.Program, context.Terminal);

    /// <summary>Takes what was given; the key from the environment if it was not.</summary>
    private WatchRequest Read(ParseResult parsed, IReadOnlyList<string> program, Terminal terminal)
    {
        string? key = parsed.GetValue(_key), end = parsed.GetValue(_end);
        if (Variable(KeyVariable, terminal) is { } variable)
        {
            if (key is not null)
                throw new UsageException($"The key is given, and {KeyVariable} in the environment: use one of them.");
            (key, end) = (variable, Variable(EndVariable, terminal));
        }

        WatchOptions options = new()
        {
            StartRevision = new(parsed.GetValue(_revision)),
            ReturnPrevious = parsed.GetValue(_previous),
            ReportProgress = parsed.GetValue(_progress),
        };
        KeyRange range = Context.Range(
            key ?? throw new UsageException("Say which key to watch."), end, parsed.GetValue(_prefix),
            parsed.GetValue(_fromKey));
        return new WatchRequest(range, options, program);
    }

    private static string? Variable(string name, Terminal terminal) =>
        (terminal.Variable($"COORDCTL_{name}") ?? terminal.Variable($"ETCDCTL_{name}")) is { Length: > 0 } value
            ? value : null;
}
