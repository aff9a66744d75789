namespace Coord.SampleHost.Configuration;

/// <summary>Reads flags as Go programs do, because scripts that start etcd are written for that.</summary>
/// <remarks>
/// One dash or two; a value after an equals sign or as the next word; a switch never takes the next word. General
/// command-line libraries differ in the last point, and would take what follows a switch for its value.
/// </remarks>
internal static class CommandLine
{
    /// <summary>Sets what the words give.</summary>
    /// <exception cref="HostException">A word is no flag, or a value is missing.</exception>
    public static void Read(ReadOnlySpan<string> words, GivenValues values)
    {
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (!word.StartsWith('-') || word.TrimStart('-').Length == 0)
                throw HostException.Usage($"'{word}' is not a flag. Flags begin with --; see coord-host --help.");

            (string name, string? value) = Split(word);
            Flag flag = Flags.Find(name) ?? throw Unknown(name, $"--{name}");
            if (value is null && flag.IsSwitch)
                value = "true";
            if (value is null && ++i == words.Length)
                throw HostException.Usage($"--{name} needs a value, as in --{name}=<value>.");

            values.Set(name, value ?? words[i], $"--{name}");
        }
    }

    public static HostException Unknown(string name, string place)
    {
        string hint = Flags.Nearest(name) is { } nearest ? $" Did you mean --{nearest.Name}?" : "";
        return HostException.Usage($"There is no flag {place}.{hint} See coord-host --help.");
    }

    private static (string Name, string? Value) Split(string word)
    {
        string body = word[(word.StartsWith("--", StringComparison.Ordinal) ? 2 : 1)..];
        int equals = body.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (body, null) : (body[..equals], body[(equals + 1)..]);
    }
}
