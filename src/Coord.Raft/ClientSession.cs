using Coord.Raft.Driver;

namespace Coord.Raft;

/// <summary>
/// A client's standing with the cluster, by which each of its commands is applied exactly once (thesis §6.3).
/// </summary>
/// <remarks>
/// A command whose outcome is unknown is proposed again under its number, until it is answered or the caller stops
/// waiting. The cluster forgets sessions beyond its bound, the one unused for longest first. Thread-safe; a command may
/// be at most 1,024 after the oldest one of its session that is unanswered.
/// </remarks>
public sealed class ClientSession
{
    private readonly RaftNode _node;
    private readonly SessionTickets _tickets;

    internal ClientSession(RaftNode node, ulong id) => (_node, _tickets) = (node, new(id));

    /// <summary>Gets the session's id, unique beyond the cluster and its history.</summary>
    public ulong Id => _tickets.Session;

    /// <summary>Proposes a command that is applied once, however often it has to be sent.</summary>
    /// <param name="command">The command; copied before the call returns.</param>
    /// <param name="cancellationToken">Stops waiting. The command may still be applied, once.</param>
    /// <returns>The result of the one time that it was applied.</returns>
    /// <exception cref="ArgumentException">The command is too large.</exception>
    /// <exception cref="SessionExpiredException">
    /// The cluster has forgotten the session; the outcome is unknown.
    /// </exception>
    /// <exception cref="ProposalDroppedException">
    /// Too many commands of the session are unanswered; not done.
    /// </exception>
    /// <exception cref="OutcomeUnknownException">
    /// It cannot be tried again here; it may have been, or may yet be applied.
    /// </exception>
    /// <exception cref="NodeStoppedException">The node is stopping; see its outcome.</exception>
    public async ValueTask<ProposalResult> ProposeAsync(
        ReadOnlyMemory<byte> command, CancellationToken cancellationToken = default)
    {
        _node.ThrowIfTooLarge(command);
        byte[] copy = command.ToArray();
        if (!_tickets.TryTake(out SessionTicket ticket))
            throw new ProposalDroppedException("A command of this session is too long unanswered; wait.");

        bool mayHaveHappened = false;
        try
        {
            while (true)
            {
                try
                {
                    return await _node.ProposeOnceAsync(copy, ticket, cancellationToken).ConfigureAwait(false);
                }
                catch (CoordException exception) when (exception is OutcomeUnknownException or NotLeaderException)
                {
                    // The table answers a second application from memory, so trying again cannot do harm.
                    mayHaveHappened |= exception.Outcome is Outcome.Unknown;
                    cancellationToken.ThrowIfCancellationRequested();
                }
                catch (CoordException exception) when (mayHaveHappened && exception.Outcome is Outcome.DidNotHappen)
                {
                    throw new OutcomeUnknownException(
                        "An earlier attempt at the command may have been applied, or may yet be.", exception);
                }
            }
        }
        finally
        {
            _tickets.Return(ticket);
        }
    }

    /// <summary>Lets the cluster forget the session.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        byte[] payload = new byte[SessionTable.HeaderBytes];
        SessionTable.WriteHeader(payload, new(Id, 0, 0));
        await _node.ProposeAsync(EntryKind.CloseSession, payload, default, cancellationToken).ConfigureAwait(false);
    }
}
