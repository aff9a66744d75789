using Coord.SampleHost.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Coord.SampleHost.Cloud;

/// <summary>Reads YAML into <see cref="CloudNode"/>s, within bounds.</summary>
/// <remarks>
/// An alias stands for all that its anchor does, so a few lines can stand for more than any memory holds. The tree
/// shares what aliases repeat, and counts it as if it were written out: too much of it is an error where the alias
/// stands, and so is an alias of what it is itself a part of.
/// </remarks>
internal sealed class CloudYaml(string path, IParser parser)
{
    private const int MaxDepth = 32;
    private const long MaxNodes = 20_000;

    private readonly Dictionary<string, CloudNode> _anchors = [];

    /// <exception cref="HostException">It is no YAML or breaks a bound; the message has line and column.</exception>
    public static CloudNode Parse(string path, string text)
    {
        CloudYaml yaml = new(path, new Parser(new StringReader(text)));
        try
        {
            return yaml.ReadDocument();
        }
        catch (YamlException exception)
        {
            throw Error(path, exception.Start.Line, exception.Start.Column, $"is not YAML: {exception.Message}");
        }
    }

    public static HostException Error(string path, long line, long column, string what) =>
        HostException.Usage($"{path}:{line}:{column} {what.TrimEnd('.')}.");

    private CloudNode ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (!parser.TryConsume<DocumentStart>(out _))
            return new CloudNode(1, 1);

        CloudNode root = ReadNode(0);
        parser.Consume<DocumentEnd>();
        return parser.Current is null or StreamEnd || parser.Accept<StreamEnd>(out _)
            ? root
            : throw Error(parser.Current!, "begins a second document; there must be one");
    }

    private CloudNode ReadNode(int depth)
    {
        ParsingEvent next = parser.Consume<ParsingEvent>();
        if (depth > MaxDepth)
            throw Error(next, $"is nested more than {MaxDepth} levels deep");

        CloudNode node = next switch
        {
            Scalar scalar => At(next) with { Text = IsNull(scalar) ? null : scalar.Value },
            AnchorAlias alias => _anchors.TryGetValue(alias.Value.Value, out CloudNode? known)
                ? known
                : throw Error(next, $"refers to '{alias.Value}', which is not there or not complete yet"),
            SequenceStart => ReadItems(next, depth),
            MappingStart => ReadEntries(next, depth),
            _ => throw Error(next, "is not expected here"),
        };
        if (node.Size > MaxNodes)
            throw Error(next, $"stands for more than {MaxNodes} values, aliases written out");
        if (next is NodeEvent { Anchor.IsEmpty: false } named)
            _anchors[named.Anchor.Value] = node;
        return node;
    }

    private CloudNode ReadItems(ParsingEvent start, int depth)
    {
        List<CloudNode> items = [];
        long size = 1;
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            CloudNode item = ReadNode(depth + 1);
            items.Add(item);
            size = Add(start, size, item.Size);
        }

        return At(start) with { Items = items, Size = size };
    }

    private CloudNode ReadEntries(ParsingEvent start, int depth)
    {
        List<CloudEntry> entries = [];
        HashSet<string> keys = [];
        long size = 1;
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            ParsingEvent key = parser.Current!;
            if (!parser.TryConsume<Scalar>(out Scalar? scalar))
                throw Error(key, "is a key that is no plain text");

            string name = scalar.Value.Replace('-', '_');
            if (!keys.Add(name))
                throw Error(key, $"has the key '{scalar.Value}' a second time");

            CloudNode value = ReadNode(depth + 1);
            entries.Add(new CloudEntry(name, key.Start.Line, key.Start.Column, value));
            size = Add(start, size, value.Size + 1);
        }

        return At(start) with { Entries = entries, Size = size };
    }

    private long Add(ParsingEvent start, long size, long more) => size + more <= MaxNodes
        ? size + more
        : throw Error(start, $"stands for more than {MaxNodes} values, aliases written out");

    private static bool IsNull(Scalar scalar) =>
        scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" or "Null" or "NULL" };

    private static CloudNode At(ParsingEvent at) => new(at.Start.Line, at.Start.Column);

    private HostException Error(ParsingEvent at, string what) => Error(path, at.Start.Line, at.Start.Column, what);
}
