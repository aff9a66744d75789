using System.CommandLine;

namespace Coord.Cli.Commands;

/// <summary>Makes commands whose work is done within a <see cref="Context"/>.</summary>
public sealed class VerbFactory(
    Func<ParseResult, Func<Context, CancellationToken, Task<int>>, CancellationToken, Task<int>> execute)
{
    public Command Create(
        string name, string description, Func<Context, CancellationToken, Task<int>> run, params Symbol[] parts)
    {
        Command command = Group(name, description, parts);
        command.SetAction((parsed, cancellationToken) => execute(parsed, run, cancellationToken));
        return command;
    }

    public static Command Group(string name, string description, params Symbol[] parts)
    {
        Command command = new(name, description);
        foreach (Symbol part in parts)
        {
            switch (part)
            {
                case Option option: command.Options.Add(option); break;
                case Argument argument: command.Arguments.Add(argument); break;
                case Command verb: command.Subcommands.Add(verb); break;
            }
        }

        return command;
    }
}
