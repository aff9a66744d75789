using Coord.Scheduling.UnitFiles;

namespace Coord.Scheduling.Runners;

/// <summary>What a service's unit file says of its processes, ready to be started. Immutable.</summary>
internal sealed record ServiceProgram(
    IReadOnlyList<ServiceCommand> Before,
    IReadOnlyList<ServiceCommand> Main,
    IReadOnlyList<ServiceCommand> Stop,
    string[] Environment,
    string? Directory,
    string? User)
{
    private const string SetPrivileges = "/usr/bin/setpriv";

    /// <summary>Reads it.</summary>
    /// <exception cref="UnitStartException">Something makes no sense here; the message says what.</exception>
    public static ServiceProgram Read(RunContext context)
    {
        if (!UnitFile.TryCreate(context.Spec.Options, out UnitFile? file, out UnitFileError? error))
            throw new UnitStartException($"Its options are no unit file: {error.Message}");
        // A unit from code need not have the name of a unit file; then there are no specifiers.
        UnitNameParts? name = UnitNameParts.TryParse(context.Slot.Unit.Value, out UnitNameParts? parts, out _)
            ? parts
            : null;
        Dictionary<string, string> variables = ServiceEnvironment.Read(context, file, name);
        List<ServiceCommand> main = Commands("ExecStart");
        if (main.Count == 0)
            throw new UnitStartException("[Service] ExecStart says what to run, and there is none.");
        string? directory = file.Last("Service", "WorkingDirectory");
        if (directory is not null && !System.IO.Directory.Exists(directory))
            throw new UnitStartException($"WorkingDirectory={directory} does not exist.");
        string? user = file.Last("Service", "User");
        if (user is not null && !File.Exists(SetPrivileges))
            throw new UnitStartException($"User={user} needs {SetPrivileges}, which is not here.");

        return new(
            Commands("ExecStartPre"),
            main,
            Commands("ExecStop"),
            [.. variables.Select(pair => $"{pair.Key}={pair.Value}")],
            directory,
            user);

        List<ServiceCommand> Commands(string option)
        {
            var commands = new List<ServiceCommand>();
            foreach (string line in file.Values("Service", option))
            {
                if (!ServiceCommand.TryParse(line, name, variables, out ServiceCommand? command, out string problem))
                    throw new UnitStartException($"[Service] {option}: {problem}");
                CheckProgram(option, command.Arguments[0], variables["PATH"]);
                commands.Add(command);
            }

            return commands;
        }
    }

    /// <summary>Says now, and clearly, what would be an exit code of something else later.</summary>
    private static void CheckProgram(string option, string program, string path)
    {
        string[] places = program.Contains('/', StringComparison.Ordinal)
            ? [program]
            : [.. path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(place => Path.Combine(place, program))];
        if (places.FirstOrDefault(File.Exists) is not { } found)
            throw new UnitStartException($"[Service] {option}: there is no program {program} on this node.");
        const UnixFileMode Execute =
            UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if (OperatingSystem.IsLinux() && (File.GetUnixFileMode(found) & Execute) == UnixFileMode.None)
            throw new UnitStartException($"[Service] {option}: {found} is not executable.");
    }

    /// <summary>
    /// Returns a command with what has to stand before it: the user, and that the kernel ends it when the leash dies.
    /// </summary>
    public string[] Wrap(ServiceCommand command)
    {
        if (!File.Exists(SetPrivileges))
            return command.Arguments;
        string[] death = [SetPrivileges, "--pdeathsig", "KILL"];
        string[] user = User is null ? [] : ["--reuid", User, "--regid", User, "--init-groups"];
        return [.. death, .. user, "--", .. command.Arguments];
    }
}
