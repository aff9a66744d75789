namespace Coord.Process.Tests.Harness;

/// <summary>A test that needs a small file system of its own, and is skipped where none can be mounted.</summary>
internal sealed class TmpfsFactAttribute : FactAttribute
{
    public TmpfsFactAttribute()
    {
        if (Tmpfs.WhyNot() is { } reason)
            Skip = $"Needs to mount a tmpfs, which is not possible here: {reason}";
    }
}
