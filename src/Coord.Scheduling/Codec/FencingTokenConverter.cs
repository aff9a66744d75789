using System.Text.Json;
using System.Text.Json.Serialization;
using Coord.Kv.Coordination;

namespace Coord.Scheduling.Codec;

/// <summary>A token as a JSON number.</summary>
internal sealed class FencingTokenConverter : JsonConverter<FencingToken>
{
    public override FencingToken Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, FencingToken value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Value);
}
