using Coord.Raft;
using Coord.Shared;

namespace Coord.Cli;

/// <summary>Which member of which cluster a snapshot is restored to, from the flags that its host will have.</summary>
/// <remarks>
/// The ids must be those that the host computes from the same flags: etcd's, hashes of the addresses and the token. A
/// difference is found when the host starts, as another cluster than the directory is of.
/// </remarks>
public static class RestoreTarget
{
    public static RaftOptions Of(string name, string list, string token, string directory)
    {
        List<(string Name, Uri Url)> pairs = [];
        foreach (string pair in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = pair.Split('=', 2);
            if (sides.Length != 2 || !Uri.TryCreate(sides[1], UriKind.Absolute, out Uri? url)
                || url.Scheme is not ("http" or "https"))
            {
                throw new UsageException(
                    $"--initial-cluster has '{pair}'; a member is written as name=http://host:port.");
            }

            pairs.Add((sides[0], url));
        }

        List<(string Name, NodeId Id, string Address)> members =
        [
            .. pairs.GroupBy(pair => pair.Name, pair => pair.Url)
                .Select(member => (member.Key, IdOf(member, token), Authority(member.First()))),
        ];
        NodeId self = members.FirstOrDefault(member => member.Name == name).Id;
        if (self.IsNone)
            throw new UsageException($"--initial-cluster has no member '{name}', the name of this one (--name).");

        RaftOptions options = new()
        {
            NodeId = self,
            ClusterId = EtcdIds.OfCluster(members.Select(member => member.Id)),
            DataDirectory = Path.GetFullPath(directory),
        };
        foreach ((_, NodeId id, string address) in members.OrderBy(member => member.Id))
            options.InitialMembers.Add(new Member(id, default, address));
        return options;
    }

    private static NodeId IdOf(IEnumerable<Uri> urls, string token) =>
        EtcdIds.OfMember(urls.Select(url => $"{url.Scheme}://{Authority(url)}"), token);

    private static string Authority(Uri url) => $"{url.Host}:{url.Port}";
}
