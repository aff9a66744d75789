namespace Coord.Transport.Framing;

/// <summary>A peer sent something that is no sound frame; its connection ends.</summary>
internal sealed class BadFrameException(FrameStatus status) : Exception(Describe(status))
{
    /// <summary>Gets what is wrong.</summary>
    public FrameStatus Status => status;

    private static string Describe(FrameStatus status) => status switch
    {
        FrameStatus.NotAFrame => "It does not speak this protocol.",
        FrameStatus.UnknownVersion => "Its frames have a version that is not known.",
        FrameStatus.HeaderDamaged => "A frame's header is damaged or out of place.",
        FrameStatus.Unsupported => "A frame has a kind that is not known or not expected.",
        FrameStatus.TooLong => "A frame is longer than the limit.",
        FrameStatus.PayloadDamaged => "A frame's payload is damaged.",
        _ => $"A frame is {status}.",
    };
}
