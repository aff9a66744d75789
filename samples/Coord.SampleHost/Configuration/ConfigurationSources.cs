using System.Collections;
using Coord.SampleHost.Cloud;

namespace Coord.SampleHost.Configuration;

/// <summary>Brings command line, environment and file together, by etcd's rules.</summary>
/// <remarks>
/// A flag wins over the environment, and COORD_ over ETCD_ there. If a configuration file is named, it alone counts:
/// etcd does not mix, so that what a file says is what runs. What is ignored for that reason is warned about.
/// </remarks>
internal static class ConfigurationSources
{
    private static readonly string[] Prefixes = ["ETCD_", "COORD_"];

    /// <summary>Variables that belong to tests and tools, not to a node.</summary>
    private static readonly string[] Reserved =
        ["COORD_SHARED", "COORD_TORTURE_ROUNDS", "COORD_REWRITE", "COORD_SEED", "ETCD_UNSUPPORTED_ARCH"];

    /// <exception cref="HostException">A flag is unknown, or the file cannot be used.</exception>
    public static GivenValues Read(ReadOnlySpan<string> words, IDictionary environment)
    {
        GivenValues values = new();
        ReadEnvironment(environment, values);
        CommandLine.Read(words, values);
        if (!values.Has("config-file"))
            return values.Has("cloud-config") ? ReadCloud(values["cloud-config"], words, environment) : values;

        GivenValues fromFile = new();
        string ignored = string.Join(", ", Flags.All
            .Where(flag => flag.Name is not "config-file" && values.Has(flag.Name))
            .Select(flag => values.PlaceOf(flag.Name)));
        if (ignored.Length > 0)
            fromFile.Warn($"{ignored} is ignored, because {values.PlaceOf("config-file")} is given.");

        ConfigurationFile.Read(values["config-file"], fromFile);
        return fromFile;
    }

    /// <summary>A cloud-config is for many machines; what one of them is told besides counts more.</summary>
    private static GivenValues ReadCloud(string path, ReadOnlySpan<string> words, IDictionary environment)
    {
        GivenValues values = new();
        values.Cloud = CloudConfigReader.Read(path, values, environment);
        ReadEnvironment(environment, values);
        CommandLine.Read(words, values);
        return values;
    }

    private static void ReadEnvironment(IDictionary environment, GivenValues values)
    {
        foreach (string prefix in Prefixes)
        {
            foreach (DictionaryEntry variable in environment)
            {
                string name = (string)variable.Key;
                if (!name.StartsWith(prefix, StringComparison.Ordinal) || Reserved.Contains(name))
                    continue;

                // Not lower-cased for the culture's taste: these are the letters of flags.
                string flag = name[prefix.Length..].ToLowerInvariant().Replace('_', '-');
                if (flag is "help" or "version")
                    continue;
                if (Flags.Find(flag) is null)
                    values.Warn($"The environment variable {name} is not known, and ignored.");
                else
                    values.Set(flag, (string?)variable.Value ?? "", name);
            }
        }
    }
}
