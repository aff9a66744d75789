using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coord.Scheduling.Leash;

/// <summary>The lines between agent and leash: JSON, one object a line.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(LeashRequest))]
[JsonSerializable(typeof(LeashEvent))]
internal sealed partial class LeashJson : JsonSerializerContext
{
    public static string Write(LeashRequest request) => JsonSerializer.Serialize(request, Default.LeashRequest);

    public static string Write(LeashEvent happened) => JsonSerializer.Serialize(happened, Default.LeashEvent);
}
