using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Harness;

/// <summary>A test that needs a package of the system's Python, and is skipped without it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonTheoryAttribute : TheoryAttribute
{
    public const string Python = "/usr/bin/python3";

    public PythonTheoryAttribute(string package)
    {
        if (!Has(package))
            Skip = $"The system's Python has no package {package}; Debian's is python3-{package}.";
    }

    private static bool Has(string package)
    {
        if (!File.Exists(Python))
            return false;

        using OsProcess python = OsProcess.Start(
            Python, ["-c", $"import importlib.util, sys; sys.exit(not importlib.util.find_spec('{package}'))"]);
        python.WaitForExit();
        return python.ExitCode == 0;
    }
}
