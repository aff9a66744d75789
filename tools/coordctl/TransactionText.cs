using System.CommandLine;
using System.Globalization;
using System.Text;
using Coord.Cli.Commands;
using Coord.Kv;

namespace Coord.Cli;

/// <summary>Reads a transaction as etcdctl has it: three parts, with an empty line after each.</summary>
/// <remarks>
/// <code>
/// version("a") = "0"
///
/// put a 1
///
/// get a
/// </code>
/// </remarks>
public static class TransactionText
{
    private static readonly Dictionary<string, ComparisonOperator> Operators = new()
    {
        ["="] = ComparisonOperator.Equal,
        ["!="] = ComparisonOperator.NotEqual,
        [">"] = ComparisonOperator.Greater,
        ["<"] = ComparisonOperator.Less,
    };

    /// <param name="input">Where the lines come from.</param>
    /// <param name="prompt">Called before each part with its name.</param>
    public static Transaction Read(TextReader input, Action<string> prompt)
    {
        prompt("compares:");
        List<Comparison> conditions = [.. Part(input).Select(ReadCondition)];
        prompt("success requests (get, put, del):");
        List<Operation> success = [.. Part(input).Select(ReadOperation)];
        prompt("failure requests (get, put, del):");
        List<Operation> failure = [.. Part(input).Select(ReadOperation)];
        return Transaction.If(conditions).Then(success).Else(failure);
    }

    public static Comparison ReadCondition(string line)
    {
        // For example: mod("key") > "7"
        int open = line.IndexOf('(', StringComparison.Ordinal);
        int close = line.LastIndexOf(')');
        string[] rest = close > open ? [.. Words(line[(close + 1)..])] : [];
        if (open < 1 || rest.Length != 2 || !Operators.TryGetValue(rest[0], out ComparisonOperator comparison))
            throw Wrong(line);

        string[] inner = [.. Words(line[(open + 1)..close])];
        if (inner.Length != 1)
            throw Wrong(line);

        KeyRange key = KeyRange.Single(inner[0]);
        return line[..open].Trim() switch
        {
            "ver" or "version" => Comparison.OfVersion(key, comparison, Number()),
            "c" or "create" => Comparison.OfCreateRevision(key, comparison, new(Number())),
            "m" or "mod" => Comparison.OfModRevision(key, comparison, new(Number())),
            "val" or "value" => Comparison.OfValue(key, comparison, Context.Bytes(rest[1])),
            "lease" => Comparison.OfLease(key, comparison, Context.Lease(rest[1])),
            _ => throw Wrong(line),
        };

        long Number() => long.TryParse(rest[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long n)
            ? n : throw Wrong(line);
    }

    public static Operation ReadOperation(string line)
    {
        string[] words = [.. Words(line)];
        Argument<string[]> names = new("names") { Arity = ArgumentArity.ZeroOrMore };
        Option<bool> prefix = new("--prefix");
        Option<bool> fromKey = new("--from-key");
        Option<bool> previous = new("--prev-kv");
        Option<bool> keepValue = new("--ignore-value");
        Option<bool> keepLease = new("--ignore-lease");
        Option<string> lease = new("--lease") { DefaultValueFactory = _ => "0" };
        Option<long> limit = new("--limit");
        Option<long> revision = new("--rev");
        Option<string> order = new("--order") { DefaultValueFactory = _ => "" };
        Option<string> sortBy = new("--sort-by") { DefaultValueFactory = _ => "" };
        Option<bool> keysOnly = new("--keys-only");
        Command get = VerbFactory.Group(
            "get", "", names, prefix, fromKey, limit, revision, order, sortBy, keysOnly);
        Command put = VerbFactory.Group("put", "", names, lease, previous, keepValue, keepLease);
        Command delete = VerbFactory.Group("del", "", names, prefix, fromKey, previous);
        RootCommand verbs = [get, put, delete];
        ParseResult parsed = verbs.Parse(words);
        string[] given = parsed.Errors.Count == 0 && CommandTree.UnknownFlag(parsed) is null
            ? parsed.GetValue(names) ?? [] : [];
        if (given.Length is 0 or > 2)
            throw Wrong(line);

        Command verb = parsed.CommandResult.Command;
        if (verb == put)
        {
            return Operation.Put(Context.Bytes(given[0]), Context.Bytes(given.ElementAtOrDefault(1) ?? ""), new()
            {
                Lease = Context.Lease(parsed.GetValue(lease)!),
                ReturnPrevious = parsed.GetValue(previous),
                KeepValue = parsed.GetValue(keepValue),
                KeepLease = parsed.GetValue(keepLease),
            });
        }

        KeyRange range = Context.Range(
            given[0], given.ElementAtOrDefault(1), parsed.GetValue(prefix), parsed.GetValue(fromKey));
        return verb == delete
            ? Operation.Delete(range, new() { ReturnPrevious = parsed.GetValue(previous) })
            : Operation.Get(range, new()
            {
                Limit = parsed.GetValue(limit),
                Revision = new(parsed.GetValue(revision)),
                SortOrder = KeyCommands.Order(parsed.GetValue(order)!),
                SortBy = KeyCommands.Target(parsed.GetValue(sortBy)!),
                KeysOnly = parsed.GetValue(keysOnly),
            });
    }

    /// <summary>Splits at spaces; what is quoted stays together.</summary>
    public static IEnumerable<string> Words(string line)
    {
        StringBuilder word = new();
        bool any = false;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quote != '\0' && c == quote)
            {
                quote = '\0';
            }
            else if (c == '\\' && quote == '"' && i + 1 < line.Length)
            {
                i++;
                word.Append(line[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', char other => other });
            }
            else if (quote == '\0' && (c is '"' or '\''))
            {
                (quote, any) = (c, true);
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (any)
                    yield return word.ToString();
                word.Clear();
                any = false;
            }
            else
            {
                word.Append(c);
                any = true;
            }
        }

        if (quote != '\0')
            throw new UsageException($"A quotation is not closed: {line}");
        if (any)
            yield return word.ToString();
    }

    private static IEnumerable<string> Part(TextReader input)
    {
        while (input.ReadLine() is { Length: > 0 } line)
            yield return line;
    }

    private static UsageException Wrong(string line) => new(
        $"This line of the transaction cannot be read: {line}. Conditions look like mod(\"key\") > \"7\", with "
        + "version, create, mod, value or lease; requests like put key value, get key --prefix or del key.");
}
