namespace Coord.Raft.Driver;

/// <summary>
/// Reads on their way: waiting for a leader, for its confirmation, then for this member's own applying.
/// </summary>
/// <remarks>
/// All reads that arrive in one turn of the owner loop share one round (thesis §6.4), and each round has a number of
/// its own, so that an old answer never confirms a new read. A read changes nothing, so a lost round is asked again.
/// Owned by the owner loop.
/// </remarks>
internal sealed class ReadRounds(Func<ulong, bool> ask, ulong firstContext, long retryAfter)
{
    private readonly Dictionary<ulong, Round> _asked = [];
    private readonly List<Round> _confirmed = [];
    private readonly Stack<Round> _idle = new();
    private Round _gathering = new();
    private ulong _lastContext = firstContext;

    /// <summary>Gets a value indicating whether anybody waits.</summary>
    public bool IsEmpty => _gathering.Reads.Count == 0 && _asked.Count == 0 && _confirmed.Count == 0;

    /// <summary>Adds a read to the round that is asked next.</summary>
    public void Add(PendingRead read) => _gathering.Reads.Add(read);

    /// <summary>Asks for the gathered reads, and again for those whose answer is overdue.</summary>
    public void Ask(long now)
    {
        foreach ((ulong context, Round round) in _asked)
        {
            if (now - round.AskedAt < retryAfter)
                continue;

            _asked.Remove(context);
            _gathering.Reads.AddRange(round.Reads);
            Recycle(round);
        }

        if (_gathering.Reads.Count == 0 || !ask(_lastContext + 1))
            return;

        _gathering.AskedAt = now;
        _asked.Add(++_lastContext, _gathering);
        _gathering = _idle.TryPop(out Round? round2) ? round2 : new Round();
    }

    /// <summary>Takes the leader's confirmation of a round.</summary>
    public void Confirm(ulong context, LogIndex index)
    {
        if (!_asked.Remove(context, out Round? round))
            return; // Asked again meanwhile, or given up.

        round.Index = index;
        _confirmed.Add(round);
    }

    /// <summary>Answers the reads whose index is applied.</summary>
    public void Complete(LogIndex applied)
    {
        for (int i = _confirmed.Count - 1; i >= 0; i--)
        {
            Round round = _confirmed[i];
            if (round.Index > applied && !Mutants.ReadBeforeApplied)
                continue;

            foreach (PendingRead read in round.Reads)
                read.Complete(round.Index);

            _confirmed.RemoveAt(i);
            Recycle(round);
        }
    }

    /// <summary>Gives up the reads whose time is over.</summary>
    public void Expire(long now, Func<Exception> failure)
    {
        Expire(_gathering, now, failure);
        foreach (Round round in _asked.Values)
            Expire(round, now, failure);
        foreach (Round round in _confirmed)
            Expire(round, now, failure);

        // A state machine that stands still must not let rounds pile up that nobody waits for.
        _confirmed.RemoveAll(static round => round.Reads.Count == 0);
    }

    private static void Expire(Round round, long now, Func<Exception> failure)
    {
        for (int i = round.Reads.Count - 1; i >= 0; i--)
        {
            PendingRead read = round.Reads[i];
            if (read.Deadline > now && !read.IsCompleted)
                continue;

            round.Reads.RemoveAt(i);
            read.Fail(failure());
        }
    }

    private void Recycle(Round round)
    {
        round.Reads.Clear();
        _idle.Push(round);
    }

    private sealed class Round
    {
        public List<PendingRead> Reads { get; } = [];

        public long AskedAt { get; set; }

        public LogIndex Index { get; set; }
    }
}
