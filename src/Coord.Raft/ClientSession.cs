using Coord.Raft.Driver;

namespace Coord.Raft;

/// <summary>A client's standing with the cluster, by which each of its commands is applied exactly once (thesis §6.3).</summary>
/// <remarks>
/// A command whose outcome is unknown is proposed again under its number, until it is answered or the caller stops
/// waiting. The cluster forgets sessions beyond its bound, the one unused for longest first. Thread-safe; at most
/// 1,024 commands of one session may be unanswered.
/// </remarks>
public sealed class ClientSession
{
    private readonly RaftNode _node;
    private readonly Lock _lock = new();
    private readonly SortedSet<ulong> _unanswered = [];
    private ulong _lastSequence;

    internal ClientSession(RaftNode node, ulong id) => (_node, Id) = (node, id);

    /// <summary>Gets the session's id, unique in the cluster's history.</summary>
    public ulong Id { get; }

    /// <summary>Proposes a command that is applied once, however often it has to be sent.</summary>
    /// <param name="command">The command; copied before the call returns.</param>
    /// <param name="cancellationToken">Stops waiting. The command may still be applied, once.</param>
    /// <returns>The result of the one time that it was applied.</returns>
    /// <exception cref="SessionExpiredException">The cluster has forgotten the session; the outcome is unknown.</exception>
    /// <exception cref="ProposalDroppedException">Too many commands of the session are unanswered; not done.</exception>
    /// <exception cref="NodeStoppedException">The node is stopping.</exception>
    public async ValueTask<ProposalResult> ProposeAsync(
        ReadOnlyMemory<byte> command, CancellationToken cancellationToken = default)
    {
        byte[] payload = new byte[SessionTable.HeaderBytes + command.Length];
        command.CopyTo(payload.AsMemory(SessionTable.HeaderBytes));
        ulong sequence = Begin(payload);
        try
        {
            while (true)
            {
                try
                {
                    return await _node.ProposeAsync(EntryKind.SessionCommand, payload, cancellationToken)
                        .ConfigureAwait(false);
                }
                catch (CoordException exception) when (exception is OutcomeUnknownException or NotLeaderException)
                {
                    // The table answers a second application from memory, so trying again cannot do harm.
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
        }
        finally
        {
            lock (_lock)
                _unanswered.Remove(sequence);
        }
    }

    /// <summary>Lets the cluster forget the session.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        byte[] payload = new byte[SessionTable.HeaderBytes];
        SessionTable.WriteHeader(payload, Id, 0, 0);
        await _node.ProposeAsync(EntryKind.CloseSession, payload, cancellationToken).ConfigureAwait(false);
    }

    private ulong Begin(byte[] payload)
    {
        lock (_lock)
        {
            if (_unanswered.Count >= SessionTable.MaxUnreadAnswers)
                throw new ProposalDroppedException("Too many commands of this session are unanswered; wait for some.");

            ulong sequence = ++_lastSequence;
            _unanswered.Add(sequence);
            SessionTable.WriteHeader(payload, Id, sequence, _unanswered.Min);
            return sequence;
        }
    }
}
