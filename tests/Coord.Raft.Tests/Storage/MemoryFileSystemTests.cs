using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>The disk in memory forgets what a real one forgets: tests of faults are worth what it is worth.</summary>
public sealed class MemoryFileSystemTests
{
    private readonly MemoryFileSystem _disk = new();

    public MemoryFileSystemTests() => _disk.CreateDirectory("/d");

    [Fact]
    public void Bytes_are_durable_when_the_file_was_synced_and_names_when_the_directory_was()
    {
        IFile file = Create("/d/a");
        file.Write([1], 0);
        file.Sync();
        _disk.CutPower(new UniformCrash(keeps: false));
        Assert.False(_disk.FileExists("/d/a"));

        file = Create("/d/a");
        file.Write([1], 0);
        _disk.SyncDirectory("/d");
        _disk.CutPower(new UniformCrash(keeps: false));
        Assert.Empty(_disk.ReadAll("/d/a"));

        file = _disk.Open("/d/a", FileAccessMode.ReadWrite);
        file.Write([1], 0);
        file.Sync();
        file.Write([2, 3], 0);
        _disk.CutPower(new UniformCrash(keeps: false));
        Assert.Equal([1], _disk.ReadAll("/d/a"));
    }

    [Fact]
    public void A_file_opened_to_write_through_needs_no_sync()
    {
        IFile file = _disk.Open("/d/a", FileAccessMode.CreateNew, SyncStrategy.WriteThrough);
        file.Write([1], 0);
        _disk.SyncDirectory("/d");
        _disk.CutPower(new UniformCrash(keeps: false));
        Assert.Equal([1], _disk.ReadAll("/d/a"));
    }

    [Fact]
    public void A_rename_may_be_forgotten_but_never_half()
    {
        Create("/d/a").Sync();
        _disk.SyncDirectory("/d");
        _disk.Rename("/d/a", "/d/b");
        Assert.False(_disk.FileExists("/d/a"));
        _disk.CutPower(new UniformCrash(keeps: false));
        Assert.True(_disk.FileExists("/d/a"));
        Assert.False(_disk.FileExists("/d/b"));

        _disk.Rename("/d/a", "/d/b");
        _disk.CutPower(new UniformCrash(keeps: true));
        Assert.False(_disk.FileExists("/d/a"));
        Assert.True(_disk.FileExists("/d/b"));
    }

    [Fact]
    public void A_failed_sync_loses_the_bytes_and_the_next_one_reports_success()
    {
        IFile file = Create("/d/a");
        _disk.SyncDirectory("/d");
        file.Write([1], 0);
        _disk.FailAt(0);
        Assert.Throws<IOException>(file.Sync);
        file.Sync();
        Assert.Equal([1], _disk.ReadAll("/d/a"));
        _disk.CutPower(new UniformCrash(keeps: false));
        Assert.Empty(_disk.ReadAll("/d/a"));
    }

    [Fact]
    public void Sectors_are_kept_or_dropped_one_by_one()
    {
        IFile file = Create("/d/a");
        file.ZeroFill(4 * MemoryFileSystem.SectorBytes);
        file.Sync();
        _disk.SyncDirectory("/d");
        byte[] ones = [.. Enumerable.Repeat((byte)1, 3 * MemoryFileSystem.SectorBytes)];
        file.Write(ones, 256);
        _disk.CutPower(new MaskedCrash(0b1010));
        byte[] bytes = _disk.ReadAll("/d/a");
        Assert.Equal(0, bytes[256]);
        Assert.Equal(1, bytes[512]);
        Assert.Equal(0, bytes[1024]);
        Assert.Equal(1, bytes[1536]);
        Assert.Equal(0, bytes[1536 + 256]);
    }

    [Fact]
    public void When_the_power_goes_nothing_works_any_more()
    {
        IFile file = Create("/d/a");
        _disk.CutPowerAt(1);
        file.Write([1], 0);
        Assert.Throws<PowerCutException>(file.Sync);
        Assert.Throws<PowerCutException>(() => _disk.FileExists("/d/a"));
        Assert.Throws<PowerCutException>(() => file.Write([1], 0));
        _disk.CutPower(new UniformCrash(keeps: true));
        Assert.Equal([1], _disk.ReadAll("/d/a"));
        Assert.Throws<PowerCutException>(() => file.Write([1], 0));
    }

    private IFile Create(string path) => _disk.Open(path, FileAccessMode.CreateNew);
}
