using Coord.SampleHost.Cloud;

namespace Coord.SampleHost.Configuration;

/// <summary>What was given, by flag name, each with the place it was given at, for errors to name.</summary>
internal sealed class GivenValues
{
    private readonly Dictionary<string, (string Value, string Place)> _values = [];
    private readonly List<string> _warnings = [];

    /// <summary>What the operator should know although it stops nothing.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>What a cloud-config said besides flags.</summary>
    public CloudConfig Cloud { get; set; } = CloudConfig.None;

    public bool Has(string name) => _values.TryGetValue(name, out var given) && given.Value.Length > 0;

    /// <summary>Returns what was given, or the flag's default.</summary>
    public string this[string name] => Has(name) ? _values[name].Value : Known(name).Default;

    /// <summary>Returns how the operator wrote it, such as <c>--name</c> or <c>ETCD_NAME</c>.</summary>
    public string PlaceOf(string name) => _values.TryGetValue(name, out var given) ? given.Place : $"--{name}";

    public void Set(string name, string value, string place)
    {
        _values[name] = (value, place);
        if (Known(name).IsIgnored)
            Warn($"{place} is etcd's and has no effect in Coord.");
    }

    public void Warn(string warning) => _warnings.Add(warning);

    public bool Switch(string name) => this[name] switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        string other => throw Wrong(name, $"is '{other}'; it takes true or false."),
    };

    public long Number(string name, long least, long most) =>
        long.TryParse(this[name], out long number) && number >= least && number <= most
            ? number
            : throw Wrong(name, $"is '{this[name]}'; it takes a whole number from {least} to {most}.");

    public string OneOf(string name, params string[] allowed) => allowed.Contains(this[name])
        ? this[name]
        : throw Wrong(name, $"is '{this[name]}'; it takes {string.Join(" or ", allowed)}.");

    public PortUrl[] Urls(string name) => [.. this[name].Split(',').Select(text => Url(name, text))];

    public HostException Wrong(string name, string sentence) => HostException.Usage($"{PlaceOf(name)} {sentence}");

    private PortUrl Url(string name, string text) => PortUrl.TryParse(text.Trim(), out PortUrl? url, out string error)
        ? url
        : throw Wrong(name, $"has '{text.Trim()}', {error}.");

    private static Flag Known(string name) =>
        Flags.Find(name) ?? throw new ArgumentException($"There is no flag {name}.", nameof(name));
}
