namespace Coord.AspNetCore.Direct;

/// <summary>An answer that waits for the client to take more, or for a place between two frames.</summary>
internal sealed class DirectAnswer(DirectCall call, byte[] data)
{
    public DirectCall Call => call;

    public int Length => data.Length;

    public ReadOnlySpan<byte> Rest => data.AsSpan(Sent);

    /// <summary>Gets the block of headers that is all of the answer, if the call was refused.</summary>
    public byte[]? Refusal { get; init; }

    /// <summary>Gets or sets how many bytes the client has been sent.</summary>
    public int Sent { get; set; }

    public bool HasBegun { get; set; }
}
