namespace Coord.Raft;

/// <summary>The place of one command in a session: proposed again under it, the command is applied once.</summary>
/// <param name="Session">The session's id; zero for a command that belongs to none.</param>
/// <param name="Sequence">The command's number in the session, from one on.</param>
/// <param name="LowestUnanswered">The lowest number whose answer is still waited for; the cluster forgets all below.
/// </param>
public readonly record struct SessionTicket(ulong Session, ulong Sequence, ulong LowestUnanswered)
{
    /// <summary>Gets a value indicating whether the command belongs to no session.</summary>
    public bool IsNone => Session == 0;

    /// <summary>Returns a form for people, such as <c>s7/3</c>.</summary>
    public override string ToString() => $"s{Session}/{Sequence}";
}
