using System.Buffers;
using System.Buffers.Binary;

namespace Coord.Raft.Driver;

/// <summary>Remembers what sessions have had applied, so that a retried command is answered and not repeated.</summary>
/// <remarks>
/// Thesis §6.3. Replicated state: it changes only by applied entries and is part of every snapshot, so all members
/// forget the same session at the same entry. A session command's payload is the session, its sequence number and the
/// lowest number whose answer the client still wants (8 bytes each, little-endian), and then the command itself.
/// Answers take room, and only the client says when it has read them. If they take more than the bound, the sessions
/// unused for longest are forgotten until they do not: whoever asks for a forgotten answer learns that it expired.
/// Owned by the apply loop.
/// </remarks>
internal sealed class SessionTable(int maxSessions, long maxAnswerBytes = SessionTable.MaxAnswerBytes)
{
    /// <summary>The bytes in front of a session command.</summary>
    public const int HeaderBytes = 24;

    /// <summary>How many answers one session may leave unread; a client that asks for more is refused.</summary>
    public const int MaxUnreadAnswers = 1024;

    /// <summary>How many bytes all unread answers may take; a constant, as all members must agree.</summary>
    public const long MaxAnswerBytes = 16 << 20;

    /// <summary>What an answer costs in memory besides its payload, in bytes.</summary>
    private const int AnswerOverhead = 64;

    private readonly Dictionary<ulong, Session> _sessions = [];

    // Least recently used first. Kept beside the dictionary since the order must be the same on all members.
    private readonly LinkedList<Session> _byUse = new();

    private long _answerBytes;

    /// <summary>Gets how many sessions are remembered.</summary>
    public int Count => _sessions.Count;

    /// <summary>Gets how many bytes the remembered answers take.</summary>
    public long AnswerBytes => _answerBytes;

    /// <summary>Writes the header of a session command.</summary>
    public static void WriteHeader(Span<byte> destination, SessionTicket ticket)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, ticket.Session);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], ticket.Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], ticket.LowestUnanswered);
    }

    /// <summary>Reads which session a payload names; zero if it is too short to name one.</summary>
    public static ulong ReadId(ReadOnlySpan<byte> payload) =>
        payload.Length < 8 ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(payload);

    /// <summary>Opens a session; its id is the number that the payload brings, or the entry's index.</summary>
    /// <remarks>
    /// The number is drawn by chance. An index is one of few: it would come again in a cluster that was restored, or
    /// made anew, under the id of the one before. There a client of the old one would share somebody else's session,
    /// and be given the answers of somebody else's commands.
    /// </remarks>
    public ApplyResult Open(LogIndex index, ReadOnlySpan<byte> payload)
    {
        while (_sessions.Count >= maxSessions)
            Remove(_byUse.First!.Value);

        ulong id = ReadId(payload);
        if (id == 0)
            id = (ulong)index.Value;
        while (id == 0 || _sessions.ContainsKey(id))
            id++;

        Add(new Session(id));
        return new ApplyResult((long)id);
    }

    /// <summary>Closes the session that the payload names; closing twice is harmless.</summary>
    public void Close(ReadOnlySpan<byte> payload)
    {
        if (_sessions.TryGetValue(ReadId(payload), out Session? session))
            Remove(session);
    }

    /// <summary>Applies a session command once, and answers from memory after that.</summary>
    /// <returns>False if the session is not known, or the answer was given up: nothing was applied.</returns>
    public bool TryApply(in AppliedCommand entry, IStateMachine stateMachine, out ApplyResult result)
    {
        result = default;
        ReadOnlySpan<byte> payload = entry.Payload.Span;
        if (payload.Length < HeaderBytes)
            return false;

        ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]);
        ulong lowestUnread = BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]);
        if (!_sessions.TryGetValue(ReadId(payload), out Session? session))
            return false;

        _byUse.Remove(session.Node);
        _byUse.AddLast(session.Node);
        Forget(session, lowestUnread);
        if (session.Answers.TryGetValue(sequence, out Answer answer) && !Mutants.RetryAppliedAgain)
        {
            result = new ApplyResult(answer.Value, answer.Payload);
            return true;
        }

        if (sequence < session.LowestUnread || session.Answers.Count >= MaxUnreadAnswers)
            return false;

        result = stateMachine.Apply(new AppliedCommand(entry.Id, entry.Payload[HeaderBytes..]));
        Remember(session, sequence, new Answer(result.Value, result.Payload.ToArray()));

        // The session itself goes last. Its answer is on its way to who waits for it now, and is not repeated later.
        while (_answerBytes > maxAnswerBytes)
            Remove(_byUse.First!.Value);
        return true;
    }

    /// <summary>Writes the table into a snapshot.</summary>
    public void Write(IBufferWriter<byte> destination)
    {
        WriteNumber(destination, _sessions.Count);
        foreach (Session session in _byUse)
        {
            WriteNumber(destination, (long)session.Id);
            WriteNumber(destination, (long)session.LowestUnread);
            WriteNumber(destination, session.Answers.Count);
            foreach ((ulong sequence, Answer answer) in session.Answers)
            {
                WriteNumber(destination, (long)sequence);
                WriteNumber(destination, answer.Value);
                WriteNumber(destination, answer.Payload.Length);
                destination.Write(answer.Payload);
            }
        }
    }

    /// <summary>Replaces the table by one that <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a table.</exception>
    public void Read(ReadOnlySpan<byte> source)
    {
        _sessions.Clear();
        _byUse.Clear();
        _answerBytes = 0;
        for (long sessions = ReadNumber(ref source); sessions > 0; sessions--)
        {
            Session session = new((ulong)ReadNumber(ref source));
            ulong lowestUnread = (ulong)ReadNumber(ref source);
            for (long answers = ReadNumber(ref source); answers > 0; answers--)
            {
                ulong sequence = (ulong)ReadNumber(ref source);
                long value = ReadNumber(ref source);
                long length = ReadNumber(ref source);
                if (length < 0 || length > source.Length)
                    throw new InvalidDataException("A session's answer is longer than the snapshot.");

                Remember(session, sequence, new Answer(value, source[..(int)length].ToArray()));
                source = source[(int)length..];
            }

            Forget(session, lowestUnread);
            Add(session);
        }
    }

    private static void WriteNumber(IBufferWriter<byte> destination, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(destination.GetSpan(8), value);
        destination.Advance(8);
    }

    private static long ReadNumber(ref ReadOnlySpan<byte> source)
    {
        if (source.Length < 8)
            throw new InvalidDataException("The session table ends early.");

        long value = BinaryPrimitives.ReadInt64LittleEndian(source);
        source = source[8..];
        return value;
    }

    private void Add(Session session)
    {
        _sessions.Add(session.Id, session);
        _byUse.AddLast(session.Node);
    }

    private void Remove(Session session)
    {
        _sessions.Remove(session.Id);
        _byUse.Remove(session.Node);
        foreach (Answer answer in session.Answers.Values)
            _answerBytes -= answer.Payload.Length + AnswerOverhead;
    }

    private void Remember(Session session, ulong sequence, Answer answer)
    {
        session.Answers[sequence] = answer;
        _answerBytes += answer.Payload.Length + AnswerOverhead;
    }

    private void Forget(Session session, ulong lowestUnread)
    {
        if (lowestUnread <= session.LowestUnread)
            return;

        if (lowestUnread - session.LowestUnread <= (ulong)session.Answers.Count)
        {
            for (ulong sequence = session.LowestUnread; sequence < lowestUnread; sequence++)
                ForgetOne(session, sequence);
        }
        else
        {
            // The numbers are the client's: counting up to them could take for ever.
            foreach (ulong sequence in session.Answers.Keys.TakeWhile(sequence => sequence < lowestUnread).ToArray())
                ForgetOne(session, sequence);
        }

        session.LowestUnread = lowestUnread;
    }

    private void ForgetOne(Session session, ulong sequence)
    {
        if (session.Answers.Remove(sequence, out Answer answer))
            _answerBytes -= answer.Payload.Length + AnswerOverhead;
    }

    private readonly record struct Answer(long Value, byte[] Payload);

    private sealed class Session
    {
        public Session(ulong id)
        {
            Id = id;
            Node = new LinkedListNode<Session>(this);
        }

        public ulong Id { get; }

        public LinkedListNode<Session> Node { get; }

        public ulong LowestUnread { get; set; }

        // Sorted, so that snapshots of equal tables are equal.
        public SortedDictionary<ulong, Answer> Answers { get; } = [];
    }
}
