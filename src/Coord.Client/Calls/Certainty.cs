namespace Coord.Client.Calls;

/// <summary>What a failed attempt tells.</summary>
internal enum Certainty
{
    /// <summary>The server decided: trying again would give the same answer.</summary>
    Refused,

    /// <summary>It was not done, and may be at another time or place.</summary>
    NotDone,

    /// <summary>It may have been done.</summary>
    Unclear,
}
