using System.Buffers;
using System.Globalization;
using System.Text;
using Coord.AspNetCore.Gateway;
using Coord.Kv;

namespace Coord.AspNetCore.Discovery;

/// <summary>The answers of etcd's second API, byte for byte: its clients read nothing else.</summary>
internal static class V2Json
{
    public const int KeyNotFound = 100;
    public const int NoMorePeers = 103;
    public const int KeyExists = 105;
    public const int InvalidField = 209;
    public const int InternalError = 300;

    /// <summary>A key and what happened to it.</summary>
    public static string Event(string action, string key, KeyValue pair) =>
        $"{{\"action\":\"{action}\",\"node\":{Node(key, pair)}}}\n";

    /// <summary>A token as a directory of its members.</summary>
    public static string Directory(string key, RegistryView view, Func<KeyValue, string> nameOf)
    {
        string below = string.Join(',', view.Members.Select(member => Node(nameOf(member), member)));
        string nodes = view.Members.Count == 0 ? "" : $"\"nodes\":[{below}],";
        long created = view.Size!.CreateRevision.Value;
        return $$"""{"action":"get","node":{"key":{{Text(key)}},"dir":true,"""
            + $"{nodes}{Indices(created, created)}}}}}\n";
    }

    /// <summary>A key that was deleted.</summary>
    public static string Deleted(string key, KeyValue before, Revision at)
    {
        string indices = Indices(at.Value, before.CreateRevision.Value);
        return $$"""{"action":"delete","node":{"key":{{Text(key)}},{{indices}}},"prevNode":"""
            + $"{Node(key, before)}}}\n";
    }

    /// <summary>
    /// What went wrong; and that a token has expired, if it has, of which etcd's clients know nothing.
    /// </summary>
    public static string Error(int code, string cause, Revision at, bool isExpired = false)
    {
        string message = code switch
        {
            KeyNotFound => "Key not found",
            NoMorePeers => "Reached the max number of peers in the cluster",
            KeyExists => "Key already exists",
            InvalidField => "Invalid field",
            _ => "Raft Internal Error",
        };
        string expired = isExpired ? ",\"expired\":true" : "";
        return $$"""{"errorCode":{{code}},"message":"{{message}}","cause":{{Text(cause)}},"index":"""
            + string.Create(CultureInfo.InvariantCulture, $"{at.Value}{expired}}}\n");
    }

    private static string Node(string key, KeyValue pair) =>
        $$"""{"key":{{Text(key)}},"value":{{Text(pair.ValueString)}},"""
        + Indices(pair.ModRevision.Value, pair.CreateRevision.Value) + "}";

    private static string Indices(long modified, long created) => string.Create(
        CultureInfo.InvariantCulture, $"\"modifiedIndex\":{modified},\"createdIndex\":{created}");

    private static string Text(string text)
    {
        ArrayBufferWriter<byte> output = new();
        GoText.WriteString(output, Encoding.UTF8.GetBytes(text));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
