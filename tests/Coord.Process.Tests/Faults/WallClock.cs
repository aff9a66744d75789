using Coord.Process.Tests.Harness;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Faults;

/// <summary>A wall clock that a test can step under hosts that run: clock.c, compiled here.</summary>
internal sealed class WallClock : IDisposable
{
    private readonly TestDirectory _directory = new();

    public WallClock()
    {
        File.WriteAllBytes(OffsetFile, new byte[sizeof(long)]);
        using (Stream source = typeof(WallClock).Assembly.GetManifestResourceStream(
            "Coord.Process.Tests.Faults.clock.c")!)
        using (FileStream file = File.Create(_directory.File("clock.c")))
            source.CopyTo(file);

        using OsProcess compiler = OsProcess.Start(
            "gcc", ["-shared", "-fPIC", "-O1", "-Wall", "-o", Library, _directory.File("clock.c"), "-ldl"]);
        compiler.WaitForExit();
        Assert.Equal(0, compiler.ExitCode);
    }

    public HostCommand Command => new()
    {
        Environment = [("LD_PRELOAD", Library), ("COORD_CLOCK_FILE", OffsetFile)],
    };

    private string OffsetFile => _directory.File("offset");

    private string Library => _directory.File("clock.so");

    /// <summary>Steps the clock of all hosts so far from the true time.</summary>
    public void Set(TimeSpan offset)
    {
        using FileStream file = new(OffsetFile, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Write(BitConverter.GetBytes((long)offset.TotalNanoseconds));
    }

    public void Dispose() => _directory.Dispose();
}
