using Coord.Raft;
using Coord.SampleHost.Configuration;
using Coord.Transport;

namespace Coord.SampleHost.Node;

/// <summary>Finds out who a member is that joins a running cluster: it got its id when it was added.</summary>
/// <remarks>
/// A directory that holds a member knows. A newcomer asks the other members of --initial-cluster at their peer ports,
/// with the peer certificates, and finds itself in their answer by its own peer URLs, as in etcd.
/// </remarks>
internal static class Joining
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Returns the settings with the ids that the member has in its cluster.</summary>
    /// <exception cref="HostException">No member of the cluster answers, or none knows this one.</exception>
    public static async Task<HostSettings> ResolveAsync(HostSettings settings, ILogger logger)
    {
        if (!settings.JoinExisting || settings.HasClusterId)
            return settings;
        if (RaftDirectory.TryReadIdentity(settings.DataDirectory, out ClusterId cluster, out NodeId self))
            return With(settings, cluster, self);

        ClusterMap.Entry[] others = [.. settings.Cluster.Members.Where(member => member != settings.Self)];
        if (others.Length == 0)
        {
            throw HostException.Usage(
                "--initial-cluster-state is 'existing', and --initial-cluster names no other member to ask.");
        }

        string problem = "";
        long start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < Patience)
        {
            foreach (ClusterMap.Entry other in others)
            {
                (PeerRoster? roster, problem) = await AskAsync(settings, other, problem);
                if (roster is not null && Find(settings, roster) is { } id)
                    return With(settings, roster.ClusterId, id);
                if (roster is not null)
                    problem = $"{other.Name} knows no member at {Urls(settings)}; add it first (etcdctl member add).";
            }

            logger.LogDebug("The cluster is not joined yet: {Problem}", problem);
            await Task.Delay(Pause);
        }

        throw HostException.CannotStart($"The cluster cannot be joined. {problem}");
    }

    private static async Task<(PeerRoster? Roster, string Problem)> AskAsync(
        HostSettings settings, ClusterMap.Entry other, string problem)
    {
        foreach (PortUrl url in other.PeerUrls)
        {
            try
            {
                return (await TcpTransport.InquireAsync(url.Authority, CoordNode.Transport(settings)), problem);
            }
            catch (TransportException exception)
            {
                problem = exception.Message;
            }
        }

        return (null, problem);
    }

    private static NodeId? Find(HostSettings settings, PeerRoster roster)
    {
        foreach (MemberAddress member in roster.Members)
        {
            if (settings.Self.PeerUrls.Any(url => url.Authority == member.Address))
                return member.Id;
        }

        return null;
    }

    private static HostSettings With(HostSettings settings, ClusterId cluster, NodeId id)
    {
        ClusterMap.Entry self = settings.Self with { Id = id };

        // What the list says of the others are guesses from their URLs; the log knows their ids.
        return settings with { Cluster = new ClusterMap(cluster, [self]), Self = self };
    }

    private static string Urls(HostSettings settings) => string.Join(',', settings.Self.PeerUrls);
}
