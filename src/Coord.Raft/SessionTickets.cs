using Coord.Raft.Driver;

namespace Coord.Raft;

/// <summary>Gives the commands of one session their numbers, and knows which are unanswered. Thread-safe.</summary>
/// <remarks>
/// Whoever holds a session needs one: a <see cref="ClientSession"/> for commands that are proposed in the process, a
/// client elsewhere for those that it sends. A number is used for one command alone, however often that is sent.
/// </remarks>
/// <param name="session">The session's id.</param>
public sealed class SessionTickets(ulong session)
{
    private readonly Lock _lock = new();
    private readonly SortedSet<ulong> _unanswered = [];
    private ulong _lastSequence;

    /// <summary>Gets the session's id.</summary>
    public ulong Session => session;

    /// <summary>Takes the next number.</summary>
    /// <param name="ticket">The command's place; give it back when the command is answered, or given up.</param>
    /// <returns>False if the oldest unanswered command is 1,024 back: the cluster remembers no more answers.</returns>
    public bool TryTake(out SessionTicket ticket)
    {
        lock (_lock)
        {
            // The table keeps all answers from the oldest unanswered command on, also those that were read.
            if (_unanswered.Count > 0 && _lastSequence - _unanswered.Min + 1 >= SessionTable.MaxUnreadAnswers)
            {
                ticket = default;
                return false;
            }

            ulong sequence = ++_lastSequence;
            _unanswered.Add(sequence);
            ticket = new(session, sequence, _unanswered.Min);
            return true;
        }
    }

    /// <summary>Notes that a command is answered or given up. It must not be sent again after that.</summary>
    /// <param name="ticket">What <see cref="TryTake"/> gave.</param>
    public void Return(SessionTicket ticket)
    {
        lock (_lock)
            _unanswered.Remove(ticket.Sequence);
    }
}
