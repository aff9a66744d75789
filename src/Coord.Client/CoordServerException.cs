using Coord.Raft;
using Grpc.Core;

namespace Coord.Client;

/// <summary>The server refused for a reason that has no exception of its own; the message is in its words.</summary>
public sealed class CoordServerException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">The gRPC status code.</param>
    /// <param name="message">The server's words.</param>
    /// <param name="outcome">Whether the operation may have taken effect.</param>
    /// <param name="innerException">The cause, if another exception is.</param>
    public CoordServerException(StatusCode code, string message, Outcome outcome, Exception? innerException = null)
        : base(message, outcome, innerException) => Code = code;

    /// <summary>Gets the gRPC status code.</summary>
    public StatusCode Code { get; }
}
