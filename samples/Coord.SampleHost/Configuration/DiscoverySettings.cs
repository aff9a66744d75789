namespace Coord.SampleHost.Configuration;

/// <summary>How a node finds the other members, if they are not listed; and how it serves that to others.</summary>
/// <param name="Url">The URL of a token; empty if none was given.</param>
/// <param name="JoinIfFull">Whether to join as a learner if others have taken all places.</param>
/// <param name="ServiceDomain">The domain whose SRV records name the members; empty if none was given.</param>
/// <param name="ServiceSuffix">A suffix of the service's name.</param>
/// <param name="HostName">The name behind which the members' addresses are; empty if none was given.</param>
/// <param name="HostCount">How many there are.</param>
/// <param name="Token">Tells clusters apart that have the same addresses.</param>
/// <param name="TrustedCaFile">The authorities by which an https service is trusted; empty for the system's.</param>
/// <param name="CreationSecret">What creators of tokens must send; null if they need not.</param>
internal sealed record DiscoverySettings(
    string Url, bool JoinIfFull, string ServiceDomain, string ServiceSuffix, string HostName, int HostCount,
    string Token, string TrustedCaFile, string? CreationSecret)
{
    private const int MaxCount = 1_000;

    /// <exception cref="HostException">Two ways are given at once, or a value is wrong.</exception>
    public static DiscoverySettings From(GivenValues values)
    {
        string[] ways = [.. ((string[])["initial-cluster", "discovery", "discovery-srv", "discovery-dns"])
            .Where(values.Has)];
        if (ways.Length > 1)
        {
            throw HostException.Usage(
                $"{string.Join(" and ", ways.Select(values.PlaceOf))} exclude each other: they are different ways to "
                + "find the members.");
        }

        if (values.Has("discovery-dns") != values.Has("discovery-dns-count"))
            throw HostException.Usage("--discovery-dns and --discovery-dns-count belong together; one is missing.");
        if (values.Has("discovery-srv-name") && !values.Has("discovery-srv"))
            values.Warn($"{values.PlaceOf("discovery-srv-name")} has no effect without --discovery-srv.");

        string fallback = values.OneOf("discovery-fallback", "exit", "learner", "proxy");
        if (fallback == "proxy")
            values.Warn($"{values.PlaceOf("discovery-fallback")} is 'proxy', which Coord has none of: it exits.");

        return new DiscoverySettings(
            values["discovery"], fallback == "learner", values["discovery-srv"], values["discovery-srv-name"],
            values["discovery-dns"],
            values.Has("discovery-dns-count") ? (int)values.Number("discovery-dns-count", 1, MaxCount) : 0,
            values["initial-cluster-token"],
            values["discovery-cacert"],
            values.Has("discovery-creation-secret") ? values["discovery-creation-secret"] : null);
    }
}
