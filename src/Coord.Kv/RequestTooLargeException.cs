using Coord.Raft;

namespace Coord.Kv;

/// <summary>
/// A key, a value or a whole request is larger than the options allow, or the answer to a write might have more than
/// 15 MiB. Nothing happened.
/// </summary>
public sealed class RequestTooLargeException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="part">What is too large, such as "The key".</param>
    /// <param name="bytes">How large it is.</param>
    /// <param name="maxBytes">How large it may be.</param>
    public RequestTooLargeException(string part, long bytes, long maxBytes)
        : base($"{part} is too large: {bytes} bytes of at most {maxBytes}.", Outcome.DidNotHappen)
    {
        Bytes = bytes;
        MaxBytes = maxBytes;
    }

    /// <summary>Gets how large it is, in bytes.</summary>
    public long Bytes { get; }

    /// <summary>Gets how large it may be, in bytes.</summary>
    public long MaxBytes { get; }
}
