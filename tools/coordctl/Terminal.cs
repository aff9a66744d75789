using Spectre.Console;

namespace Coord.Cli;

/// <summary>Where a command reads and writes; tests have their own.</summary>
/// <param name="Output">Takes the answer. Keys and values are bytes, so this is no text writer.</param>
/// <param name="Errors">Takes what went wrong.</param>
/// <param name="Input">What values and transactions are read from.</param>
/// <param name="IsInteractive">Whether a person reads the output.</param>
/// <param name="Console">Draws tables.</param>
/// <param name="Variable">Reads the environment.</param>
public sealed record Terminal(
    Stream Output,
    TextWriter Errors,
    TextReader Input,
    bool IsInteractive,
    IAnsiConsole Console,
    Func<string, string?> Variable);
