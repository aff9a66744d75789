using System.Net.Security;

namespace Coord.SampleHost.Configuration;

/// <summary>The names of TLS cipher suites, which Go, .NET and the registry of the internet have in common.</summary>
internal static class CipherSuiteNames
{
    private const string Flag = "cipher-suites";

    /// <summary>In Go these have no say over TLS 1.3, whose suites are all good.</summary>
    private static readonly TlsCipherSuite[] OfTls13 =
    [
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
    ];

    /// <summary>Reads the flag.</summary>
    /// <returns>What may be used; nothing if the flag was not given, and the system decides.</returns>
    /// <exception cref="HostException">A name is unknown, or the system takes no list.</exception>
    public static TlsCipherSuite[] From(GivenValues values)
    {
        if (!values.Has(Flag))
            return [];
        if (OperatingSystem.IsWindows())
            throw values.Wrong(Flag, "has no effect on Windows, where the system's settings decide; leave it out.");

        return
        [
            .. OfTls13,
            .. values[Flag].Split(',').Select(name => Find(name.Trim()) ?? throw values.Wrong(
                Flag, $"has '{name.Trim()}', an unexpected TLS cipher suite; "
                + "write names such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.")),
        ];
    }

    private static TlsCipherSuite? Find(string name) => name switch
    {
        // Two that Go named before the registry did.
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305" => TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305" => TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,

        // A number would be taken as well, and mean anything.
        _ => name.StartsWith("TLS_", StringComparison.Ordinal) && Enum.TryParse(name, out TlsCipherSuite suite)
            ? suite : null,
    };
}
