namespace Coord.SampleHost.Cloud;

/// <summary>What a cloud-config says besides flags: recorded for the scheduler, and files to write.</summary>
internal sealed record CloudConfig
{
    public static readonly CloudConfig None = new();

    public IReadOnlyList<CloudUnit> Units { get; init; } = [];

    public IReadOnlyList<CloudFile> Files { get; init; } = [];

    /// <summary>The settings of the scheduler, such as <c>public_ip</c> and <c>metadata</c>.</summary>
    public IReadOnlyDictionary<string, string> Fleet { get; init; } = new Dictionary<string, string>();

    /// <summary>The policy of rollouts and the maintenance window.</summary>
    public IReadOnlyDictionary<string, string> Update { get; init; } = new Dictionary<string, string>();
}
