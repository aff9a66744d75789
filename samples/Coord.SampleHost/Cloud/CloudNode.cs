namespace Coord.SampleHost.Cloud;

/// <summary>A piece of a cloud-config with where it stands. Text, a list, entries, or nothing.</summary>
internal sealed record CloudNode(long Line, long Column)
{
    public string? Text { get; init; }

    public IReadOnlyList<CloudNode>? Items { get; init; }

    public IReadOnlyList<CloudEntry>? Entries { get; init; }

    /// <summary>How many nodes it is with all that is below, aliases written out.</summary>
    public long Size { get; init; } = 1;
}
