using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Coord.Kv;

namespace Coord.Scheduling.Codec;

/// <summary>
/// The values in the store as JSON, so that any etcd client can read them. Unknown members are ignored: a newer version
/// may have written them.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(UnitNameConverter), typeof(NodeNameConverter), typeof(FencingTokenConverter)])]
[JsonSerializable(typeof(UnitSpec))]
[JsonSerializable(typeof(NodeSpec))]
[JsonSerializable(typeof(AssignmentValue))]
[JsonSerializable(typeof(FenceValue))]
[JsonSerializable(typeof(StopValue))]
[JsonSerializable(typeof(SlotStatusValue))]
[JsonSerializable(typeof(SlotOutcome))]
internal sealed partial class SchedulerJson : JsonSerializerContext
{
    /// <summary>Writes a value.</summary>
    public static byte[] Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    /// <summary>Reads a value that anybody may have written. Never throws for what it says.</summary>
    /// <param name="keyValue">The key.</param>
    /// <param name="type">What it should be.</param>
    /// <param name="value">The value.</param>
    /// <param name="problem">What is wrong with it, for people.</param>
    public static bool TryRead<T>(
        KeyValue keyValue,
        JsonTypeInfo<T> type,
        [NotNullWhen(true)] out T? value,
        [NotNullWhen(false)] out string? problem)
        where T : class
    {
        try
        {
            value = JsonSerializer.Deserialize(keyValue.Value.Span, type);
            problem = value is null ? $"{keyValue.KeyString} holds null." : null;
        }
        catch (JsonException malformed)
        {
            value = null;
            problem = $"{keyValue.KeyString} holds no {typeof(T).Name}: {malformed.Message}";
        }

        return value is not null;
    }
}
