using System.Collections;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Coord.SampleHost.Configuration;

namespace Coord.SampleHost.Cloud;

/// <summary>Puts this machine's addresses where a cloud-config has <c>$private_ipv4</c> and the like.</summary>
/// <remarks>
/// <c>COREOS_PRIVATE_IPV4</c> and so on in the environment say what they are; else the first address of the kind is
/// taken that an interface in use has. A backslash before the dollar leaves it as it is.
/// </remarks>
internal static class CloudAddresses
{
    private static readonly string[] Names = ["private_ipv4", "public_ipv4", "private_ipv6", "public_ipv6"];

    /// <exception cref="HostException">There is no such address; the message has line and column.</exception>
    public static string Substitute(string path, string text, IDictionary environment)
    {
        foreach (string name in Names)
            text = Substitute(path, text, name, environment);
        return text;
    }

    private static string Substitute(string path, string text, string name, IDictionary environment)
    {
        string pattern = "$" + name;
        System.Text.StringBuilder result = new(text.Length);
        int from = 0;
        while (text.IndexOf(pattern, from, StringComparison.Ordinal) is var at and >= 0)
        {
            bool isEscaped = at > from && text[at - 1] == '\\';
            result.Append(text, from, at - from - (isEscaped ? 1 : 0));
            result.Append(isEscaped ? pattern : AddressOf(path, text, at, name, environment));
            from = at + pattern.Length;
        }

        return result.Append(text, from, text.Length - from).ToString();
    }

    private static string AddressOf(string path, string text, int at, string name, IDictionary environment)
    {
        string variable = "COREOS_" + name.ToUpperInvariant();
        if (environment[variable] is string { Length: > 0 } given)
        {
            return IPAddress.TryParse(given, out IPAddress? address) ? address.ToString()
                : throw HostException.Usage($"{variable} is '{given}', which is no address.");
        }

        bool isPrivate = name.StartsWith("private", StringComparison.Ordinal);
        AddressFamily family = name.EndsWith('4') ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        IPAddress? found = NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses.Select(unicast => unicast.Address))
            .FirstOrDefault(ip => ip.AddressFamily == family && !IPAddress.IsLoopback(ip) && !ip.IsIPv6LinkLocal
                && IsPrivate(ip) == isPrivate);
        if (found is not null)
            return found.ToString();

        long line = 1 + text.AsSpan(0, at).Count('\n');
        long column = at - text.LastIndexOf('\n', Math.Max(0, at - 1));
        throw CloudYaml.Error(
            path, line, column, $"has ${name}, and this machine has no such address; set {variable}");
    }

    private static bool IsPrivate(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        return bytes.Length == 4
            ? bytes[0] == 10 || (bytes[0] == 172 && bytes[1] is >= 16 and < 32) || (bytes[0] == 192 && bytes[1] == 168)
            : (bytes[0] & 0xFE) == 0xFC;
    }
}
