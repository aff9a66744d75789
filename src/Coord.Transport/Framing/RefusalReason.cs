namespace Coord.Transport.Framing;

/// <summary>Why a handshake failed. The values are on the wire; new ones go at the end.</summary>
internal enum RefusalReason : byte
{
    /// <summary>No reason that this version knows.</summary>
    Unknown = 0,

    /// <summary>There is no version of the protocol that both sides speak.</summary>
    Version = 1,

    /// <summary>The two belong to different clusters.</summary>
    WrongCluster = 2,

    /// <summary>Another member lives at that address than the one that was wanted.</summary>
    WrongTarget = 3,

    /// <summary>Both sides have the same node id.</summary>
    OwnId = 4,

    /// <summary>The other is no member.</summary>
    UnknownMember = 5,

    /// <summary>Another process with the same node id and another data directory is connected.</summary>
    DuplicateId = 6,

    /// <summary>The node refused its peer, such as one that lost its disk.</summary>
    Rejected = 7,

    /// <summary>There is no room for another connection.</summary>
    Busy = 8,

    /// <summary>The certificate is not that of the member it claims to be.</summary>
    Certificate = 9,

    /// <summary>The other was a member, and was removed.</summary>
    Removed = 10,
}
