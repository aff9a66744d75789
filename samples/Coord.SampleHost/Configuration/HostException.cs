namespace Coord.SampleHost.Configuration;

/// <summary>Something that the operator can repair: one line for stderr, no stack trace, and an exit code.</summary>
internal sealed class HostException(int exitCode, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public int ExitCode { get; } = exitCode;

    public static HostException Usage(string message) => new(Configuration.ExitCode.Usage, message);

    public static HostException CannotStart(string message, Exception? innerException = null) =>
        new(Configuration.ExitCode.CannotStart, message, innerException);
}
