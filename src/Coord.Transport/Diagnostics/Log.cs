using System.Net;
using Coord.Raft;
using Coord.Transport.Framing;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Diagnostics;

/// <summary>What the transport logs. Ids stay as they are; those that are no longer used are marked as reserved.</summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "{Node} listens on {Endpoint} for its peers.")]
    public static partial void Listening(ILogger logger, NodeId node, EndPoint? endpoint);

    [LoggerMessage(2002, LogLevel.Information, "Connected to {Peer} at {Address} ({Lane}).")]
    public static partial void Connected(ILogger logger, NodeId peer, string address, Lane lane);

    [LoggerMessage(2003, LogLevel.Information, "{Peer} connected from {Address} ({Lane}).")]
    public static partial void Accepted(ILogger logger, NodeId peer, string address, Lane lane);

    [LoggerMessage(2004, LogLevel.Information, "The connection to {Peer} ({Lane}) ended: {Reason}")]
    public static partial void Disconnected(ILogger logger, NodeId peer, Lane lane, string reason);

    [LoggerMessage(2005, LogLevel.Information, "The connection from {Peer} ({Lane}) ended: {Reason}")]
    public static partial void InboundEnded(ILogger logger, NodeId peer, Lane lane, string reason);

    [LoggerMessage(
        2006, LogLevel.Warning, "Cannot connect to {Peer} at {Address} ({Lane}): {Reason} ({Suppressed} alike not logged)")]
    public static partial void CannotConnect(
        ILogger logger, NodeId peer, string address, Lane lane, string reason, long suppressed);

    [LoggerMessage(
        2007, LogLevel.Warning,
        "{Peer} at {Address} refused this member ({Reason}): {Text} ({Suppressed} alike not logged)")]
    public static partial void RefusedByPeer(
        ILogger logger, NodeId peer, string address, RefusalReason reason, string text, long suppressed);

    [LoggerMessage(
        2008, LogLevel.Warning, "Refused {Address} ({Reason}): {Text} ({Suppressed} alike not logged)")]
    public static partial void RefusedPeer(
        ILogger logger, string address, RefusalReason reason, string text, long suppressed);

    [LoggerMessage(
        2009, LogLevel.Warning, "Closed the connection from {Address}: {Reason} ({Suppressed} alike not logged)")]
    public static partial void BadConnection(ILogger logger, string address, string reason, long suppressed);

    [LoggerMessage(
        2010, LogLevel.Warning, "Cannot accept connections: {Reason}; trying again ({Suppressed} alike not logged)")]
    public static partial void CannotAccept(ILogger logger, string reason, long suppressed);

    [LoggerMessage(2011, LogLevel.Error, "An unexpected error ended a connection with {Address}.")]
    public static partial void UnexpectedError(ILogger logger, Exception exception, string address);

    [LoggerMessage(2012, LogLevel.Information, "Read the certificate {Subject}, valid until {NotAfter:u}.")]
    public static partial void CertificateLoaded(ILogger logger, string subject, DateTimeOffset notAfter);

    [LoggerMessage(2013, LogLevel.Error, "Cannot read the certificates again; those read before stay in use: {Reason}")]
    public static partial void CertificateReloadFailed(ILogger logger, string reason);

    [LoggerMessage(2014, LogLevel.Error, "{Peer} sent a message that does not follow the format; is its version known?")]
    public static partial void MalformedMessage(ILogger logger, NodeId peer);
}
