using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coord.Scheduling.Codec;

/// <summary>A node's name as a JSON string; empty for none.</summary>
internal sealed class NodeNameConverter : JsonConverter<NodeName>
{
    public override NodeName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException();
        if (text.Length == 0)
            return default;
        return NodeName.IsValid(text) ? new(text) : throw new JsonException("This cannot be a node's name.");
    }

    public override void Write(Utf8JsonWriter writer, NodeName value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
