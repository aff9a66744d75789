using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coord.Scheduling.Codec;

/// <summary>A unit's name as a JSON string; empty for none.</summary>
internal sealed class UnitNameConverter : JsonConverter<UnitName>
{
    public override UnitName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException();
        if (text.Length == 0)
            return default;
        return UnitName.IsValid(text) ? new(text) : throw new JsonException("This cannot be a unit's name.");
    }

    public override void Write(Utf8JsonWriter writer, UnitName value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
