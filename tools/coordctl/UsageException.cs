namespace Coord.Cli;

/// <summary>The command line makes no sense. Nothing was sent.</summary>
public sealed class UsageException(string message) : Exception(message);
