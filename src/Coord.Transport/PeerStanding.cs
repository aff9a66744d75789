namespace Coord.Transport;

/// <summary>What a member knows of a node.</summary>
internal enum PeerStanding
{
    /// <summary>Nothing: it may have been added while this member was away.</summary>
    Unknown,

    /// <summary>It belongs to the cluster.</summary>
    Member,

    /// <summary>It belonged to the cluster once.</summary>
    Removed,
}
