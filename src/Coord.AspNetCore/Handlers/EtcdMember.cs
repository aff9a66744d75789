using Coord.AspNetCore.Hot;
using Coord.Kv;
using Coord.Protocol.Etcd;
using Coord.Raft;
using Microsoft.Extensions.Options;

namespace Coord.AspNetCore.Handlers;

/// <summary>The member that answers: its log, its store, and what all handlers need of them. Thread-safe.</summary>
internal sealed class EtcdMember(RaftNode node, EmbeddedKeyValueStore store, IOptions<EtcdApiOptions> options)
{
    /// <summary>
    /// What etcd's own envelope adds to a request in its log, which counts towards the limit: field tags, lengths and
    /// the id of the request.
    /// </summary>
    private const int EnvelopeBytes = 20;

    public RaftNode Node { get; } = node;

    public EmbeddedKeyValueStore Store { get; } = store;

    public EtcdApiOptions Options { get; } = options.Value;

    public bool IsLearner
    {
        get
        {
            Membership membership = Node.Status.Membership;
            return !membership.IsVoter(Node.Id) && membership.IsLearner(Node.Id)
                && membership.TryGetMember(Node.Id, out Raft.Member self) && !self.PromoteWhenCaughtUp;
        }
    }

    /// <summary>Makes the header of an answer.</summary>
    /// <param name="revision">The store's revision that the answer stands for.</param>
    public ResponseHeader Header(Revision revision) => new()
    {
        ClusterId = Options.ClusterId.Value,
        MemberId = Node.Id.Value,
        Revision = revision.Value,
        RaftTerm = (ulong)Node.Status.Term.Value,
    };

    /// <summary>Makes the header of an answer that is not made a message first.</summary>
    /// <param name="revision">The store's revision that the answer stands for.</param>
    public AnswerHeader HotHeader(Revision revision) =>
        new(Options.ClusterId.Value, Node.Id.Value, revision.Value, (ulong)Node.Status.Term.Value);

    /// <summary>Makes the header of an answer that stands for what this member has applied by now.</summary>
    public ResponseHeader Header() => Header(Store.Status.Revision);

    /// <summary>Refuses a call that this member cannot serve as it stands.</summary>
    /// <param name="forLearners">Whether a member that does not vote may answer it.</param>
    /// <param name="requireLeader">Whether the client wants to hear if there is no leader.</param>
    /// <exception cref="EtcdException">It cannot.</exception>
    public void Admit(bool forLearners, bool requireLeader)
    {
        if (!forLearners && IsLearner)
            throw EtcdError.NotSupportedForLearner.ToException();
        if (requireLeader && Node.Status.Leader.IsNone)
            throw EtcdError.NoLeader.ToException();
    }

    /// <summary>Refuses a write that etcd would not put into its log.</summary>
    /// <param name="encodedBytes">The length of the request in the protocol's encoding.</param>
    /// <exception cref="EtcdException">It is too large.</exception>
    public void CheckSize(int encodedBytes)
    {
        if (encodedBytes + EnvelopeBytes > Options.MaxRequestBytes)
            throw EtcdError.RequestTooLarge.ToException();
    }
}
