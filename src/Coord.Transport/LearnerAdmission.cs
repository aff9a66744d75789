using System.Security.Cryptography;
using Coord.Raft;

namespace Coord.Transport;

/// <summary>Lets nodes into a running cluster as learners that know what its members found each other by.</summary>
/// <remarks>
/// A learner receives the log and has no vote until an operator promotes it. What it must know is secret, so give this
/// to a transport without certificates only where nobody else can listen.
/// </remarks>
public sealed class LearnerAdmission
{
    /// <summary>How many members a cluster has at most that grows by itself.</summary>
    private const int MaxMembers = 64;

    private readonly byte[] _secret;
    private readonly Func<RaftNode> _node;

    /// <summary>Creates an admission.</summary>
    /// <param name="secret">What a node must show: <see cref="BootstrapResult.Admission"/>; not empty.</param>
    /// <param name="node">Returns the node whose cluster it is.</param>
    public LearnerAdmission(ReadOnlyMemory<byte> secret, Func<RaftNode> node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (secret.IsEmpty)
            throw new ArgumentException("An empty secret would let in everybody.", nameof(secret));

        _secret = secret.ToArray();
        _node = node;
    }

    /// <summary>Adds a learner, unless there is a member at that address.</summary>
    /// <returns>Why not, as a sentence; null if it is a member now.</returns>
    internal async Task<string?> AdmitAsync(
        ReadOnlyMemory<byte> secret, string address, CancellationToken cancellationToken)
    {
        if (!CryptographicOperations.FixedTimeEquals(secret.Span, _secret))
            return "It does not know the token that this cluster was formed by.";

        RaftNode node = _node();
        Membership present = node.Status.Membership;
        if (present.Members.Any(member => member.Address == address))
            return null;
        if (present.Members.Length >= MaxMembers)
            return $"The cluster has {present.Members.Length} members, the most that it grows to by itself.";

        MembershipTarget target = MembershipTarget.From(present);
        target = target with { Learners = [.. target.Learners, new MemberAddress(NewId(), address)] };
        try
        {
            await node.ChangeMembershipAsync(target, present.Version, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (CoordException exception)
        {
            return $"It cannot be added now: {exception.Message}";
        }
    }

    private static NodeId NewId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return new NodeId(BitConverter.ToUInt64(bytes) | 1);
    }
}
