using System.Diagnostics;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Harness;

/// <summary>A small file system in memory, to be filled up.</summary>
internal sealed class Tmpfs : IDisposable
{
    private readonly TestDirectory _directory = new();

    /// <exception cref="IOException">It cannot be mounted.</exception>
    public Tmpfs(int megabytes)
    {
        if (Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", _directory.Path) is { } error)
        {
            _directory.Dispose();
            throw new IOException(error);
        }
    }

    public string Path => _directory.Path;

    private string Filler => _directory.File("filler");

    /// <summary>Says why none can be mounted, or null if one can.</summary>
    public static string? WhyNot()
    {
        try
        {
            new Tmpfs(1).Dispose();
            return null;
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Takes all space that is left.</summary>
    public void Fill()
    {
        using FileStream file = File.OpenWrite(Filler);
        file.Seek(0, SeekOrigin.End);
        for (int size = 1 << 20; size >= 4096;)
        {
            try
            {
                file.Write(new byte[size]);
                file.Flush();
            }
            catch (IOException)
            {
                size /= 2;
            }
        }
    }

    /// <summary>Makes it read-only (<c>ro</c>) or writable (<c>rw</c>); nobody may have a file open to write.</summary>
    public void Remount(string mode) => Assert.Null(Run("mount", "-o", $"remount,{mode}", _directory.Path));

    /// <summary>Gives back what <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", "-l", _directory.Path);
        _directory.Dispose();
    }

    private static string? Run(string command, params string[] arguments)
    {
        try
        {
            using OsProcess process = OsProcess.Start(
                new ProcessStartInfo(command, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return exception.Message;
        }
    }
}
