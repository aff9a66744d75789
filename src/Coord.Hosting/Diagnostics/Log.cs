using Coord.Raft;
using Microsoft.Extensions.Logging;

namespace Coord.Hosting.Diagnostics;

/// <summary>What this package logs; ids from 5000 on.</summary>
internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Critical, "Coord node {Node} stopped by itself, so the host stops: {Reason}")]
    public static partial void NodeFailed(ILogger logger, NodeId node, string reason, Exception exception);

    [LoggerMessage(5001, LogLevel.Information, "Handed the leadership over to {Successor}")]
    public static partial void HandedOver(ILogger logger, NodeId successor);

    [LoggerMessage(5002, LogLevel.Warning, "Could not hand the leadership over to {Successor}; an election follows")]
    public static partial void NotHandedOver(ILogger logger, NodeId successor, Exception exception);
}
