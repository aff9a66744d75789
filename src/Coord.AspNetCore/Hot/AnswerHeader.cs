namespace Coord.AspNetCore.Hot;

/// <summary>A ResponseHeader.</summary>
internal readonly record struct AnswerHeader(ulong ClusterId, ulong MemberId, long Revision, ulong RaftTerm)
{
    /// <summary>The most bytes that it takes inside of a message, as that message's first field.</summary>
    public const int MaxBytes = 2 + (4 * 11);

    private const int Field = 1;

    /// <summary>Gets how many bytes it takes as a field.</summary>
    public int FieldSize => WireSpan.SizeOfMessage(Size);

    private int Size =>
        WireSpan.SizeOfNumber(ClusterId)
        + WireSpan.SizeOfNumber(MemberId)
        + WireSpan.SizeOfNumber((ulong)Revision)
        + WireSpan.SizeOfNumber(RaftTerm);

    public void Write(ref WireSpan wire)
    {
        wire.BeginMessage(Field, Size);
        wire.Number(1, ClusterId);
        wire.Number(2, MemberId);
        wire.Number(3, Revision);
        wire.Number(4, RaftTerm);
    }
}
