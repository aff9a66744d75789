using System.Security.Cryptography;
using Coord.Raft;
using Coord.SampleHost.Configuration;
using Coord.Transport;

namespace Coord.SampleHost.Node;

/// <summary>Finds out which cluster this node begins or joins, and under which id.</summary>
/// <remarks>
/// A directory that holds a member knows, and its word counts, as in etcd: flags that describe the cluster's beginning
/// no longer matter then. Without data they say how to find it: by a list, a token, DNS, or a running cluster that
/// this node was added to.
/// </remarks>
internal static class Bootstrapping
{
    /// <summary>Returns the settings with the cluster and the ids as they were found.</summary>
    /// <exception cref="HostException">The flags do not say where to look.</exception>
    /// <exception cref="CoordException">There is no such cluster; the message says why.</exception>
    public static async Task<HostSettings> ResolveAsync(HostSettings settings, ILoggerFactory loggerFactory)
    {
        ILogger logger = loggerFactory.CreateLogger("coord-host");
        bool isIdGiven = settings.HasClusterId && !settings.ForceNewCluster;
        if (!isIdGiven && ClusterBootstrap.TryRead(settings.DataDirectory) is { } known)
            return Known(settings, known, logger);
        if (Choose(settings, loggerFactory) is not { } bootstrap)
            return settings;

        BootstrapNode self = SelfOf(settings);
        return With(settings, await ClusterBootstrap.RunAsync(bootstrap, self, settings.DataDirectory));
    }

    private static HostSettings Known(HostSettings settings, BootstrapResult known, ILogger logger)
    {
        if (settings.ForceNewCluster)
        {
            ClusterId fresh = settings.HasClusterId
                ? settings.Cluster.Id
                : new ClusterId(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1);
            logger.LogWarning(
                "Going on alone with the data of cluster {Former}, as the new cluster {Fresh}: its other members can "
                + "neither reach nor rejoin this one", known.ClusterId, fresh);
            return With(settings, new BootstrapResult(fresh, known.NodeId, [], JoinsExisting: true));
        }

        bool isListed = !settings.JoinExisting && Choose(settings, null) is null;
        if (isListed && known.NodeId != settings.Self.Id)
            return settings; // Another member's directory: the node refuses it, and says whose it is.
        if (isListed && known.ClusterId == settings.Cluster.Id)
            return settings;
        if (isListed)
        {
            logger.LogWarning(
                "The data here belongs to cluster {Cluster}, which goes on; the flags describe another, {Other}, and "
                + "are ignored as to that", known.ClusterId, settings.Cluster.Id);
        }

        return With(settings, known);
    }

    /// <summary>Returns how to find the cluster; null if the list of members is all there is to know.</summary>
    private static IClusterBootstrap? Choose(HostSettings settings, ILoggerFactory? loggerFactory)
    {
        DiscoverySettings discovery = settings.Discovery;
        if (settings.JoinExisting)
            return settings.HasClusterId ? null : ChooseMembers(settings, loggerFactory);
        if (discovery.ServiceDomain.Length > 0)
        {
            return new DnsServiceBootstrap(discovery.ServiceDomain)
            {
                ServiceSuffix = discovery.ServiceSuffix,
                Token = discovery.Token,
            };
        }

        if (discovery.HostName.Length > 0)
        {
            return new DnsNameBootstrap(discovery.HostName, discovery.HostCount, loggerFactory: loggerFactory)
            {
                Token = discovery.Token,
            };
        }

        return discovery.Url.Length == 0 ? null : new DiscoveryBootstrap(
            new DiscoveryOptions
            {
                Url = discovery.Url,
                TrustedCertificateFile = discovery.TrustedCaFile,
                JoinIfFull = discovery.JoinIfFull,
                Transport = discovery.JoinIfFull ? CoordNode.Transport(settings) : new TcpTransportOptions(),
            },
            loggerFactory: loggerFactory);
    }

    private static JoinBootstrap ChooseMembers(HostSettings settings, ILoggerFactory? loggerFactory)
    {
        string[] others = [.. settings.Cluster.Members.Where(member => member != settings.Self)
            .SelectMany(member => member.PeerUrls).Select(url => url.ToString())];
        return others.Length > 0
            ? new JoinBootstrap(others, CoordNode.Transport(settings), loggerFactory: loggerFactory)
            : throw HostException.Usage(
                "--initial-cluster-state is 'existing', and --initial-cluster names no other member to ask.");
    }

    private static BootstrapNode SelfOf(HostSettings settings)
    {
        try
        {
            return new BootstrapNode(settings.Name, [.. settings.Self.PeerUrls.Select(url => url.ToString())]);
        }
        catch (ArgumentException exception)
        {
            throw HostException.Usage(exception.Message);
        }
    }

    private static HostSettings With(HostSettings settings, BootstrapResult result)
    {
        ClusterMap.Entry[] members = [.. result.Members.Select(member => new ClusterMap.Entry(
            member.Name, member.Id, [.. member.PeerUrls.Select(UrlOf)]))];
        ClusterMap.Entry self = members.FirstOrDefault(member => member.Id == result.NodeId)
            ?? settings.Self with { Id = result.NodeId };

        // Of others nothing is said that the log does not know better.
        ClusterMap cluster = new(result.ClusterId, members.Length > 0 ? members : [self]);
        return settings with
        {
            Cluster = cluster,
            Self = self,
            JoinExisting = result.JoinsExisting,
            Admission = result.Admission,
        };
    }

    private static PortUrl UrlOf(string text) => PortUrl.TryParse(text, out PortUrl? url, out string error)
        ? url
        : throw HostException.CannotStart($"A member has registered '{text}', {error}.");
}
