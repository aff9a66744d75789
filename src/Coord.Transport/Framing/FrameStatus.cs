namespace Coord.Transport.Framing;

/// <summary>What the bytes at the start of a buffer are.</summary>
internal enum FrameStatus
{
    /// <summary>A whole and sound frame.</summary>
    Complete,

    /// <summary>The beginning of a frame, sound so far.</summary>
    Incomplete,

    /// <summary>Something else than frames: another protocol, or noise.</summary>
    NotAFrame,

    /// <summary>A frame in a version of the format that is not known.</summary>
    UnknownVersion,

    /// <summary>
    /// A header that was damaged, or that belongs to another connection or another place in this one.
    /// </summary>
    HeaderDamaged,

    /// <summary>A kind, flag or group that is not known.</summary>
    Unsupported,

    /// <summary>A payload above the limit.</summary>
    TooLong,

    /// <summary>A payload that was damaged.</summary>
    PayloadDamaged,
}
