namespace Coord.SampleHost.Cloud;

/// <summary>A key with its value. A dash in it has become an underscore, which means the same.</summary>
internal sealed record CloudEntry(string Key, long Line, long Column, CloudNode Value);
