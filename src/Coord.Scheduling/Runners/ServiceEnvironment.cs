using Coord.Scheduling.UnitFiles;

namespace Coord.Scheduling.Runners;

/// <summary>The environment of a service: <c>Environment</c> and <c>EnvironmentFile</c>, and what Coord adds.</summary>
internal static class ServiceEnvironment
{
    private const int MaxFileBytes = 1024 * 1024;

    /// <summary>Reads it.</summary>
    /// <exception cref="UnitStartException">A file that must be there is not, or a line makes no sense.</exception>
    public static Dictionary<string, string> Read(RunContext context, UnitFile file, UnitNameParts? name)
    {
        var variables = new Dictionary<string, string>
        {
            // A service gets no more of the app's environment than this: secrets of the app are not the service's.
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
            ["LANG"] = "C.UTF-8",
        };
        foreach (string line in file.Values("Service", "Environment"))
        {
            if (!UnitValue.TrySplitWords(line, out IReadOnlyList<string> pairs))
                throw new UnitStartException($"Environment={line} has a quote that nothing closes.");
            foreach (string pair in pairs)
                Add(Expand(pair, name), "Environment");
        }

        foreach (string path in file.Values("Service", "EnvironmentFile"))
            ReadFile(Expand(path, name));

        variables["COORD_UNIT"] = context.Slot.Unit.Value;
        variables["COORD_SLOT"] = context.Slot.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        variables["COORD_NODE"] = context.Node.Value;
        variables["COORD_FENCING_TOKEN"] =
            context.Token.Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return variables;

        void Add(string pair, string where)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw new UnitStartException($"{where}: '{pair}' is no pair such as NAME=value.");
            variables[pair[..equals]] = pair[(equals + 1)..];
        }

        void ReadFile(string path)
        {
            bool isOptional = path.StartsWith('-');
            path = isOptional ? path[1..] : path;
            try
            {
                if (new FileInfo(path).Length > MaxFileBytes)
                    throw new UnitStartException($"EnvironmentFile={path} is larger than {MaxFileBytes} bytes.");
                foreach (string line in File.ReadAllLines(path))
                {
                    if (line.Trim() is { Length: > 0 } text && text[0] is not ('#' or ';'))
                        Add(Unquote(text), path);
                }
            }
            catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
            {
                if (!isOptional)
                    throw new UnitStartException($"EnvironmentFile={path}: {missing.Message}", missing);
            }
        }
    }

    private static string Unquote(string pair)
    {
        int equals = pair.IndexOf('=', StringComparison.Ordinal);
        string value = equals < 0 ? "" : pair[(equals + 1)..].Trim();
        return value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0]
            ? $"{pair[..equals].TrimEnd()}={value[1..^1]}"
            : pair;
    }

    private static string Expand(string value, UnitNameParts? name)
    {
        if (name is null)
            return value;
        return UnitSpecifiers.TryExpand(value, name, out string expanded, out string error)
            ? expanded
            : throw new UnitStartException(error);
    }
}
