namespace Coord.Transport.Framing;

/// <summary>What a frame carries. The values are on the wire; those of the handshake never change.</summary>
internal enum FrameKind : byte
{
    /// <summary>Nothing: a zeroed header is no frame.</summary>
    None = 0,

    /// <summary>The first frame of who connects: who it is, and whom it wants.</summary>
    Hello = 1,

    /// <summary>The answer that lets it in.</summary>
    Welcome = 2,

    /// <summary>Either side's reason for closing the connection.</summary>
    Refusal = 3,

    /// <summary>One message of the replicated log.</summary>
    Message = 4,

    /// <summary>Asks for a sign of life.</summary>
    Ping = 5,

    /// <summary>The sign of life.</summary>
    Pong = 6,

    /// <summary>The first and only frame of who does not know the cluster yet: asks who is in it.</summary>
    Inquiry = 7,

    /// <summary>The answer to <see cref="Inquiry"/>, after which the connection ends.</summary>
    Roster = 8,

    /// <summary>
    /// The first and only frame of who wants to become a learner; the answer is a roster or a refusal.
    /// </summary>
    Enlistment = 9,
}
