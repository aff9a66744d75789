namespace Coord.Transport;

/// <summary>One answer to a question for a service in DNS (RFC 2782).</summary>
/// <param name="Target">The host, without a dot at the end.</param>
/// <param name="Port">The port.</param>
/// <param name="Priority">Lower ones come first.</param>
/// <param name="Weight">How often to choose it among those of a priority.</param>
public sealed record ServiceRecord(string Target, int Port, int Priority = 0, int Weight = 0);
