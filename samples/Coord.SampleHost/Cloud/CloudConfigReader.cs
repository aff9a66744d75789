using System.Collections;
using System.Globalization;
using System.Text;
using Coord.SampleHost.Configuration;

namespace Coord.SampleHost.Cloud;

/// <summary>Reads a <c>#cloud-config</c> file, as CoreOS machines took it: its etcd sections become flags.</summary>
/// <remarks>Keys that mean nothing here give a warning with their line. Nothing runs before all was read.</remarks>
internal sealed class CloudConfigReader(string path, GivenValues values)
{
    private const string Header = "#cloud-config";
    private const int MaxBytes = 1 << 20;

    private static readonly HashSet<string> EtcdFlags =
    [
        "name", "discovery", "discovery_srv", "advertise_client_urls", "initial_advertise_peer_urls",
        "listen_client_urls", "listen_peer_urls", "initial_cluster", "initial_cluster_state", "initial_cluster_token",
        "data_dir", "heartbeat_interval", "election_timeout", "snapshot_count", "cert_file", "key_file",
        "trusted_ca_file", "client_cert_auth", "peer_cert_file", "peer_key_file", "peer_trusted_ca_file",
        "peer_client_cert_auth", "discovery_fallback",
    ];

    private static readonly string[] FleetKeys =
        ["public_ip", "metadata", "agent_ttl", "engine_reconcile_interval"];

    private static readonly string[] UpdateKeys = ["reboot_strategy", "group", "window_start", "window_length"];

    private readonly List<CloudUnit> _units = [];
    private readonly List<CloudFile> _files = [];
    private readonly Dictionary<string, string> _fleet = [];
    private readonly Dictionary<string, string> _update = [];
    private string _peerAddress = "";

    /// <exception cref="HostException">It cannot be read; the message has line and column.</exception>
    public static CloudConfig Read(string path, GivenValues values, IDictionary environment)
    {
        string text = Load(path);
        string first = text.Split('\n')[0].TrimEnd();
        if (first != Header)
            throw CloudYaml.Error(path, 1, 1, $"must be '{Header}', the whole first line");

        CloudNode root = CloudYaml.Parse(path, CloudAddresses.Substitute(path, text, environment));
        CloudConfigReader reader = new(path, values);
        reader.ReadRoot(root);
        return new CloudConfig
        {
            Units = reader._units,
            Files = reader._files,
            Fleet = reader._fleet,
            Update = reader._update,
        };
    }

    private static string Load(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[MaxBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= MaxBytes
                ? Encoding.UTF8.GetString(bytes, 0, length)
                : throw CloudYaml.Error(path, 1, 1, "begins more than 1 MiB, the most that is read");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw HostException.Usage($"The cloud-config cannot be read: {exception.Message}");
        }
    }

    private void ReadRoot(CloudNode root)
    {
        foreach (CloudEntry entry in EntriesOf(root, "the file"))
        {
            switch (entry.Key)
            {
                case "hostname": Set("name", TextOf(entry), entry); break;
                case "coreos": ReadCoreOs(entry); break;
                case "write_files": ReadFiles(entry); break;
                default: Unknown(entry); break;
            }
        }

        // Three machines with one file must not have one name: what tells them apart is where they are reached.
        if (!values.Has("name") && _peerAddress.Length > 0)
            values.Set("name", _peerAddress, $"{path}: peer-addr");
    }

    private void ReadCoreOs(CloudEntry coreos)
    {
        foreach (CloudEntry entry in EntriesOf(coreos.Value, coreos.Key))
        {
            switch (entry.Key)
            {
                case "etcd" or "etcd2": ReadEtcd(entry); break;
                case "fleet": Record(entry, FleetKeys, _fleet); break;
                case "update" or "locksmith": Record(entry, UpdateKeys, _update); break;
                case "units": ReadUnits(entry); break;
                default: Unknown(entry); break;
            }
        }
    }

    private void ReadEtcd(CloudEntry section)
    {
        foreach (CloudEntry entry in EntriesOf(section.Value, section.Key))
        {
            if (entry.Key is "addr" or "peer_addr")
                SetAddress(entry);
            else if (EtcdFlags.Contains(entry.Key))
                Set(entry.Key.Replace('_', '-'), TextOf(entry), entry);
            else
                Unknown(entry);
        }
    }

    private void SetAddress(CloudEntry entry)
    {
        string address = TextOf(entry);
        if (!PortUrl.TryParse($"http://{address}", out _, out _))
            throw Error(entry.Value, $"is '{address}'; {entry.Key.Replace('_', '-')} takes host:port");

        bool isPeer = entry.Key == "peer_addr";
        if (isPeer)
            _peerAddress = address;
        foreach (string flag in isPeer
            ? (string[])["initial-advertise-peer-urls", "listen-peer-urls"]
            : ["advertise-client-urls", "listen-client-urls"])
        {
            Set(flag, $"http://{address}", entry);
        }
    }

    private void ReadUnits(CloudEntry units)
    {
        foreach (CloudNode node in ItemsOf(units.Value, units.Key))
        {
            Dictionary<string, string> unit = [];
            List<(string Name, string Content)> dropIns = [];
            foreach (CloudEntry entry in EntriesOf(node, "a unit"))
            {
                if (entry.Key == "drop_ins")
                    dropIns.AddRange(ItemsOf(entry.Value, entry.Key).Select(ReadDropIn));
                else if (entry.Key is "name" or "content" or "command" or "enable" or "mask" or "runtime")
                    unit[entry.Key] = TextOf(entry);
                else
                    Unknown(entry);
            }

            if (!unit.TryGetValue("name", out string? name) || name.Length == 0)
                throw Error(node, "is a unit without a name");

            _units.Add(new CloudUnit(
                name, unit.GetValueOrDefault("content", ""), unit.GetValueOrDefault("command", ""),
                unit.GetValueOrDefault("enable") == "true", unit.GetValueOrDefault("mask") == "true", dropIns));
        }
    }

    private (string Name, string Content) ReadDropIn(CloudNode node)
    {
        Dictionary<string, string> parts = [];
        foreach (CloudEntry entry in EntriesOf(node, "a drop-in"))
        {
            if (entry.Key is "name" or "content")
                parts[entry.Key] = TextOf(entry);
            else
                Unknown(entry);
        }

        return parts.TryGetValue("name", out string? name)
            ? (name, parts.GetValueOrDefault("content", ""))
            : throw Error(node, "is a drop-in without a name");
    }

    private void ReadFiles(CloudEntry files)
    {
        foreach (CloudNode node in ItemsOf(files.Value, files.Key))
        {
            Dictionary<string, (string Text, CloudNode At)> parts = [];
            foreach (CloudEntry entry in EntriesOf(node, "a file"))
            {
                if (entry.Key is "path" or "content" or "encoding" or "permissions")
                    parts[entry.Key] = (TextOf(entry), entry.Value);
                else
                    Unknown(entry);
            }

            if (!parts.TryGetValue("path", out var path) || !CloudFile.IsInside(path.Text))
                throw Error(path.At ?? node, $"has the path '{path.Text}'; it must lead to a file, without '..'");

            _files.Add(new CloudFile(path.Text, ContentOf(parts), ModeOf(parts)));
        }
    }

    private byte[] ContentOf(Dictionary<string, (string Text, CloudNode At)> parts)
    {
        string content = parts.TryGetValue("content", out var given) ? given.Text : "";
        if (!parts.TryGetValue("encoding", out var encoding) || encoding.Text.Length == 0)
            return Encoding.UTF8.GetBytes(content);
        if (encoding.Text is not ("b64" or "base64"))
            throw Error(encoding.At, $"is the encoding '{encoding.Text}'; base64 is known");

        try
        {
            return Convert.FromBase64String(content);
        }
        catch (FormatException)
        {
            throw Error(given.At ?? encoding.At, "is not base64");
        }
    }

    private UnixFileMode ModeOf(Dictionary<string, (string Text, CloudNode At)> parts)
    {
        const UnixFileMode Usual = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
            | UnixFileMode.OtherRead;
        if (!parts.TryGetValue("permissions", out var given))
            return Usual;

        string digits = given.Text.TrimStart('0');
        return digits.Length is > 0 and <= 3 && digits.All(digit => digit is >= '0' and <= '7')
            ? (UnixFileMode)digits.Aggregate(0, (mode, digit) => (mode * 8) + (digit - '0'))
            : throw Error(given.At, $"is '{given.Text}'; permissions are written as 0644");
    }

    private void Record(CloudEntry section, string[] known, Dictionary<string, string> target)
    {
        foreach (CloudEntry entry in EntriesOf(section.Value, section.Key))
        {
            if (known.Contains(entry.Key))
                target[entry.Key] = TextOf(entry);
            else
                Unknown(entry);
        }
    }

    private void Set(string flag, string value, CloudEntry entry) =>
        values.Set(flag, value, string.Create(CultureInfo.InvariantCulture, $"{path}:{entry.Line}: {entry.Key}"));

    private void Unknown(CloudEntry entry) =>
        values.Warn($"{path}:{entry.Line}: '{entry.Key}' is not known, and ignored.");

    private string TextOf(CloudEntry entry) => entry.Value switch
    {
        { Entries: null, Items: null } node => node.Text ?? "",
        { Items: { } items } when items.All(item => item.Text is not null) =>
            string.Join(',', items.Select(item => item.Text)),
        { } node => throw Error(node, $"is no plain value, which '{entry.Key}' takes"),
    };

    private IReadOnlyList<CloudEntry> EntriesOf(CloudNode node, string what) => node switch
    {
        { Entries: { } entries } => entries,
        { Text: null, Items: null } => [],
        _ => throw Error(node, $"does not consist of 'key: value', as {what} does"),
    };

    private IReadOnlyList<CloudNode> ItemsOf(CloudNode node, string what) => node switch
    {
        { Items: { } items } => items,
        { Text: null, Entries: null } => [],
        _ => throw Error(node, $"is no list, which '{what}' is"),
    };

    private HostException Error(CloudNode at, string what) => CloudYaml.Error(path, at.Line, at.Column, what);
}
