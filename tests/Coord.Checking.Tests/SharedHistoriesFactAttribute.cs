namespace Coord.Checking.Tests;

/// <summary>A test over recorded histories; skipped, saying so, where their folder is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedHistoriesFactAttribute : FactAttribute
{
    public SharedHistoriesFactAttribute()
    {
        if (SharedHistories.Folder is null)
            Skip = "There is no folder linearizability in $COORD_SHARED or in ../shared beside the repository.";
    }
}
