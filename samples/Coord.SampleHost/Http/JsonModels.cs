using System.Text.Json.Serialization;

namespace Coord.SampleHost.Http;

internal sealed record ErrorJson(string Error, string? Outcome = null, long? Revision = null);

internal sealed record PutJson(string Key, long Revision);

internal sealed record DeleteJson(long Deleted, long Revision);

internal sealed record TransferJson(string Leader);

/// <summary>One version of one key. The value is text, or base64 if it is not UTF-8.</summary>
internal sealed record KeyValueJson(
    string Key, string? Value, string? ValueBase64, long CreateRevision, long ModRevision, long Version)
{
    /// <summary>The revision of the store when a single key was read; absent in lists.</summary>
    public long? Revision { get; init; }
}

internal sealed record RangeJson(long Revision, long Count, bool More, IReadOnlyList<KeyValueJson> Kvs);

internal sealed record EventJson(string Type, string Key, string? Value, string? ValueBase64, long Revision);

internal sealed record StatusJson(
    string Name, string Id, string ClusterId, string Role, string? Leader, string? LeaderId, long Term,
    long CommitIndex, long AppliedIndex, long LastIndex, long FirstIndex, long SnapshotIndex, long Revision,
    IReadOnlyList<MemberJson> Members);

/// <summary>A member as this one sees it; only a leader knows how far the logs of others match.</summary>
internal sealed record MemberJson(string Name, string Id, string Address, string Part, long? MatchIndex);

/// <summary>All that goes over the client port, in etcd's spelling.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorJson))]
[JsonSerializable(typeof(PutJson))]
[JsonSerializable(typeof(DeleteJson))]
[JsonSerializable(typeof(TransferJson))]
[JsonSerializable(typeof(KeyValueJson))]
[JsonSerializable(typeof(RangeJson))]
[JsonSerializable(typeof(EventJson))]
[JsonSerializable(typeof(StatusJson))]
internal sealed partial class HostJson : JsonSerializerContext;
