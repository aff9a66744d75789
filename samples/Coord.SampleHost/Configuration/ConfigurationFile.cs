using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Coord.SampleHost.Configuration;

/// <summary>Reads etcd's YAML configuration file: flag names as keys, certificates in two sections.</summary>
internal static class ConfigurationFile
{
    /// <summary>Sets what the file gives. A key that is no flag is an error, as it is misspelt.</summary>
    /// <exception cref="HostException">The file cannot be read, is not YAML, or has a wrong key.</exception>
    public static void Read(string path, GivenValues values)
    {
        foreach ((YamlNode key, YamlNode value) in Parse(path))
        {
            string name = Text(key) ?? "";
            bool isSection = name is "client-transport-security" or "peer-transport-security";
            if (isSection && value is YamlMappingNode section)
                ReadSection(path, name, section, values);
            else if (!isSection || Text(value) != "")
                Set(path, name, name, value, values);
        }
    }

    private static void ReadSection(string path, string name, YamlMappingNode section, GivenValues values)
    {
        bool peer = name == "peer-transport-security";
        foreach ((YamlNode key, YamlNode value) in section)
        {
            string inner = Text(key) ?? "";
            string flag = !peer && inner == "crl-file" ? "client-crl-file" : peer ? $"peer-{inner}" : inner;
            Set(path, flag, $"{name}: {inner}", value, values);
        }
    }

    private static void Set(string path, string flag, string key, YamlNode node, GivenValues values)
    {
        string place = $"{path}: {key}";
        if (Flags.Find(flag) is null || flag is "config-file" or "help" or "version")
        {
            string hint = Flags.Nearest(flag) is { } nearest ? $" Did you mean {nearest.Name}?" : "";
            throw HostException.Usage($"{place} is not known.{hint}");
        }

        if (Text(node) is { } text)
            values.Set(flag, text, place);
        else
            throw HostException.Usage($"{place} takes a plain value.");
    }

    private static YamlMappingNode Parse(string path)
    {
        try
        {
            using StreamReader reader = File.OpenText(path);
            YamlStream yaml = [];
            yaml.Load(reader);
            return yaml.Documents switch
            {
                [] => [],
                [{ RootNode: YamlMappingNode root }] => root,
                _ => throw HostException.Usage($"{path} does not consist of lines such as 'name: n1'."),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw HostException.Usage($"The configuration file cannot be read: {exception.Message}");
        }
        catch (YamlException exception)
        {
            throw HostException.Usage($"{path}:{exception.Start.Line} is not YAML: {exception.Message}");
        }
    }

    private static string? Text(YamlNode node) => node switch
    {
        YamlScalarNode { Value: "null" or "~", Style: ScalarStyle.Plain } => "",
        YamlScalarNode scalar => scalar.Value ?? "",
        YamlSequenceNode sequence => string.Join(',', sequence.Select(Text)),
        _ => null,
    };
}
