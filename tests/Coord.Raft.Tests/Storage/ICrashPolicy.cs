namespace Coord.Raft.Tests.Storage;

/// <summary>Decides what of the things that were not synced is on the disk after a power cut.</summary>
internal interface ICrashPolicy
{
    /// <summary>Whether a sector of a pending write was written.</summary>
    bool KeepsSector(string path, int write, long sector);

    /// <summary>Whether a pending change of a name was written.</summary>
    bool KeepsName(string path);
}

/// <summary>Everything was written, or nothing.</summary>
internal sealed class UniformCrash(bool keeps) : ICrashPolicy
{
    public bool KeepsSector(string path, int write, long sector) => keeps;

    public bool KeepsName(string path) => keeps;
}

/// <summary>Chance decides, for each sector and name apart, with odds that differ from crash to crash.</summary>
internal sealed class RandomCrash(Random random) : ICrashPolicy
{
    private readonly double _sectors = random.NextDouble();
    private readonly double _names = random.NextDouble();

    public bool KeepsSector(string path, int write, long sector) => random.NextDouble() < _sectors;

    public bool KeepsName(string path) => random.NextDouble() < _names;
}

/// <summary>The sectors of the pending writes are numbered as they come; a bit of a mask decides about each.</summary>
internal sealed class MaskedCrash(ulong mask) : ICrashPolicy
{
    private int _next;

    public bool KeepsSector(string path, int write, long sector) => ((mask >> (_next++ % 64)) & 1) != 0;

    public bool KeepsName(string path) => true;
}
