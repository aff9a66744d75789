namespace Coord.Scheduling.Leash;

/// <summary>What an agent asks of its leash.</summary>
internal enum LeashRequestKind
{
    /// <summary>Children may live until another moment than before.</summary>
    Deadline,

    /// <summary>Start a child. Refused when the deadline is over.</summary>
    Start,

    /// <summary>Ask a child's group to end: SIGTERM.</summary>
    Term,

    /// <summary>End a child's group by force: SIGKILL.</summary>
    Kill,
}
