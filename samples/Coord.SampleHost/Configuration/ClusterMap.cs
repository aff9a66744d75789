using System.Globalization;
using Coord.Raft;
using Coord.Shared;

namespace Coord.SampleHost.Configuration;

/// <summary>Who makes up the cluster at its beginning, with the ids that follow from names and addresses.</summary>
/// <remarks>
/// The ids are those that etcd computes from the same flags, by which a host that takes etcd's place is known.
/// </remarks>
internal sealed record ClusterMap(ClusterId Id, IReadOnlyList<ClusterMap.Entry> Members)
{
    /// <exception cref="HostException">The list is not <c>n1=http://h:p,n2=...</c>, or repeats itself.</exception>
    public static ClusterMap From(GivenValues values, string list, string token)
    {
        const string Flag = "initial-cluster";
        List<(string Name, PortUrl Url)> pairs = [];
        foreach (string pair in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw values.Wrong(Flag, $"has '{pair}'; a member is written as name=http://host:port.");
            if (!PortUrl.TryParse(pair[(equals + 1)..].Trim(), out PortUrl? url, out string error))
                throw values.Wrong(Flag, $"has '{pair[(equals + 1)..]}', {error}.");
            if (pairs.Any(other => other.Url == url))
                throw values.Wrong(Flag, $"has {url} twice; each member needs addresses of its own.");

            pairs.Add((pair[..equals].Trim(), url));
        }

        Entry[] members = [.. pairs.GroupBy(pair => pair.Name, pair => pair.Url)
            .Select(member => Entry.Create(member.Key, [.. member], token))];
        return new ClusterMap(IdOf(values, members), members);
    }

    private static ClusterId IdOf(GivenValues values, Entry[] members)
    {
        if (!values.Has("cluster-id"))
            return EtcdIds.OfCluster(members.Select(member => member.Id));

        return ulong.TryParse(values["cluster-id"], NumberStyles.HexNumber, null, out ulong id) && id != 0
            ? new ClusterId(id)
            : throw values.Wrong("cluster-id", $"is '{values["cluster-id"]}'; it takes up to 16 hexadecimal digits.");
    }

    /// <summary>One member. Of several addresses the first is used to reach it.</summary>
    internal sealed record Entry(string Name, NodeId Id, IReadOnlyList<PortUrl> PeerUrls)
    {
        public static Entry Create(string name, PortUrl[] urls, string token) =>
            new(name, EtcdIds.OfMember(urls.Select(url => url.ToString()), token), urls);
    }
}
