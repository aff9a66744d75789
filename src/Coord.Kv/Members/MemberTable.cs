using Coord.Raft;

namespace Coord.Kv.Members;

/// <summary>How members have published themselves. Made by commands alone; under the store's lock.</summary>
internal sealed class MemberTable
{
    private readonly SortedDictionary<NodeId, MemberInfo> _members = [];

    public void Publish(MemberInfo member) => _members[member.Id] = member;

    public void Forget(NodeId member) => _members.Remove(member);

    public MemberInfo[] List() => [.. _members.Values];
}
