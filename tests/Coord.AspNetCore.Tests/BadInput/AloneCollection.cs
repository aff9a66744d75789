namespace Coord.AspNetCore.Tests.BadInput;

/// <summary>Tests that measure the memory of the process, and so must have it for themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
