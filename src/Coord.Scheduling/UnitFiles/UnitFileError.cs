namespace Coord.Scheduling.UnitFiles;

/// <summary>What is wrong with a unit file. Immutable.</summary>
/// <param name="Line">In which line, from one; zero if it concerns no line in particular.</param>
/// <param name="Message">What, and what is expected, in one sentence.</param>
public sealed record UnitFileError(int Line, string Message)
{
    /// <summary>Returns the message, with the line if there is one.</summary>
    public override string ToString() => Line > 0 ? $"line {Line}: {Message}" : Message;
}
