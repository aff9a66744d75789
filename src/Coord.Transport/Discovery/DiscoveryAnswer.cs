using System.Text.Json;

namespace Coord.Transport.Discovery;

/// <summary>An answer of a discovery service, in the JSON of etcd's second API.</summary>
/// <param name="Action">What happened: get, create, delete and so on; empty in an error.</param>
/// <param name="Node">The key that it is about.</param>
/// <param name="Nodes">What is below the key.</param>
/// <param name="ErrorCode">What went wrong; 0 if nothing.</param>
/// <param name="Message">The same in words.</param>
internal sealed record DiscoveryAnswer(
    string Action, DiscoveryNode? Node, IReadOnlyList<DiscoveryNode> Nodes, int ErrorCode, string Message)
{
    public const int KeyNotFound = 100;
    public const int NoMorePeers = 103;
    public const int AlreadyExists = 105;

    /// <summary>
    /// Whether the token is not there because it has expired. Coord's service tells, and etcd's does not.
    /// </summary>
    public bool IsExpired { get; private init; }

    /// <summary>The longest answer that is read.</summary>
    public const int MaxBytes = 1 << 20;

    private const int MaxDepth = 16;

    /// <summary>Reads an answer; null if it is none. Unknown properties are passed over.</summary>
    public static DiscoveryAnswer? TryParse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return Read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or FormatException
            or InvalidOperationException)
        {
            // The last one: a value of another type than expected, or text that is no Unicode.
            return null;
        }
    }

    private static DiscoveryAnswer? Read(JsonElement root)
    {
        if (root.ValueKind is not JsonValueKind.Object)
            return null;
        if (root.TryGetProperty("errorCode", out JsonElement code))
        {
            return new DiscoveryAnswer("", null, [], code.GetInt32(), Text(root, "message"))
            {
                IsExpired = root.TryGetProperty("expired", out JsonElement expired) && expired.GetBoolean(),
            };
        }

        if (!root.TryGetProperty("node", out JsonElement node) || node.ValueKind is not JsonValueKind.Object)
            return null;

        List<DiscoveryNode> below = [];
        if (node.TryGetProperty("nodes", out JsonElement nodes))
        {
            foreach (JsonElement element in nodes.EnumerateArray())
            {
                if (ReadNode(element) is not { } child)
                    return null;
                below.Add(child);
            }
        }

        return new DiscoveryAnswer(Text(root, "action"), ReadNode(node), below, 0, "");
    }

    private static DiscoveryNode? ReadNode(JsonElement element)
    {
        string key = Text(element, "key");
        return key.Length == 0
            ? null
            : new DiscoveryNode(
                key, Text(element, "value"), Number(element, "createdIndex"), Number(element, "modifiedIndex"));
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    private static long Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : 0;
}
