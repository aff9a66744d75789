namespace Coord.Kv;

/// <summary>What a notice of a watch stream says.</summary>
public enum WatchNoticeKind
{
    /// <summary>Events of one or several whole revisions.</summary>
    Events,

    /// <summary>
    /// All changes up to the revision have been delivered; of all watches of the stream if the id is -1.
    /// </summary>
    Progress,

    /// <summary>The watch ended: what it would see next has been compacted.</summary>
    Compacted,
}
