using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using Coord.Cli.Commands;
using Coord.Raft;

namespace Coord.Cli;

/// <summary>All verbs, and how one is run.</summary>
public static class CommandTree
{
    /// <summary>Parses and runs a command line.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> words, Terminal terminal, CancellationToken cancellationToken)
    {
        string[] program = [];
        RootCommand root = Build((parsed, run, token) => ExecuteAsync(parsed, run, program, terminal, token));

        // What follows "--" is a program to run, for the verbs that run one.
        string[] own = [.. words.TakeWhile(word => word != "--")];
        ParseResult result = root.Parse(own);
        if (result.CommandResult.Command.Name is "watch" or "lock")
            program = [.. words.Skip(own.Length + 1)];
        else
            result = root.Parse([.. words]);

        if (result.Errors.Count > 0 || UnknownFlag(result) is not null)
        {
            string problems = UnknownFlag(result) is { } flag ? $"There is no flag '{flag}'."
                : string.Join(' ', result.Errors.Select(error => error.Message));
            return Complaints.Print(new UsageException(problems), terminal);
        }

        using StreamWriter output = new(terminal.Output, leaveOpen: true);
        return await result.InvokeAsync(
            new() { Output = output, Error = terminal.Errors, EnableDefaultExceptionHandler = false },
            cancellationToken);
    }

    /// <summary>A flag that is mistyped must not be taken for a key; what follows "--" may look like one.</summary>
    public static string? UnknownFlag(ParseResult result) =>
        result.Tokens.Any(token => token.Type is TokenType.DoubleDash) ? null
        : result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .Select(token => token.Value).FirstOrDefault(value => value.Length > 1 && value[0] == '-');

    private static RootCommand Build(
        Func<ParseResult, Func<Context, CancellationToken, Task<int>>, CancellationToken, Task<int>> execute)
    {
        RootCommand root = new("Operates a Coord cluster, or an etcd, with etcdctl's verbs.");
        foreach (Option option in GlobalOptions.All)
        {
            option.Recursive = true;
            root.Options.Add(option);
        }

        VerbFactory verbs = new(execute);
        foreach (Command command in (Command[])
        [
            .. KeyCommands.All(verbs), TransactionCommand.Create(verbs), WatchCommand.Create(verbs),
            LeaseCommands.Create(verbs), MemberCommands.Create(verbs), EndpointCommands.Create(verbs),
            .. MaintenanceCommands.All(verbs), SnapshotCommands.Create(verbs), .. LockCommands.All(verbs),
            DiscoveryCommands.Create(verbs), VersionCommand.Create(verbs), CheckCommand.Create(verbs),
            MirrorCommand.Create(verbs),
        ])
        {
            root.Subcommands.Add(command);
        }

        return root;
    }

    private static async Task<int> ExecuteAsync(
        ParseResult parsed,
        Func<Context, CancellationToken, Task<int>> run,
        string[] program,
        Terminal terminal,
        CancellationToken cancellationToken)
    {
        try
        {
            await using Context context = new(parsed, program, terminal);
            return await run(context, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
        catch (Exception exception) when (exception is CoordException or UsageException or ArgumentException
            or IOException or InvalidDataException or UnauthorizedAccessException or CryptographicException)
        {
            return Complaints.Print(exception, terminal);
        }
    }
}
