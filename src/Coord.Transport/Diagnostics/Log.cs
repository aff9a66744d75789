using System.Net;
using Coord.Raft;
using Coord.Transport.Framing;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Diagnostics;

/// <summary>
/// What the transport logs. Ids stay as they are; those that are no longer used are marked as reserved.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "{Node} listens on {Endpoint} for its peers.")]
    public static partial void Listening(ILogger logger, NodeId node, EndPoint? endpoint);

    [LoggerMessage(EventId = 2002, Message = "Connected to {Peer} at {Address} ({Lane}).")]
    public static partial void Connected(ILogger logger, LogLevel level, NodeId peer, string address, Lane lane);

    [LoggerMessage(EventId = 2003, Message = "{Peer} connected from {Address} ({Lane}).")]
    public static partial void Accepted(ILogger logger, LogLevel level, NodeId peer, string address, Lane lane);

    [LoggerMessage(EventId = 2004, Message = "The connection to {Peer} ({Lane}) ended: {Reason}")]
    public static partial void Disconnected(ILogger logger, LogLevel level, NodeId peer, Lane lane, string reason);

    [LoggerMessage(EventId = 2005, Message = "The connection from {Peer} ({Lane}) ended: {Reason}")]
    public static partial void InboundEnded(ILogger logger, LogLevel level, NodeId peer, Lane lane, string reason);

    [LoggerMessage(EventId = 2006, Message = "Cannot connect to {Peer} at {Address} ({Lane}): {Reason} Trying again.")]
    public static partial void CannotConnect(
        ILogger logger, LogLevel level, NodeId peer, string address, Lane lane, string reason);

    [LoggerMessage(
        EventId = 2007, Message = "{Peer} at {Address} refused this member ({Reason}): {Text} Trying again.")]
    public static partial void RefusedByPeer(
        ILogger logger, LogLevel level, NodeId peer, string address, RefusalReason reason, string text);

    [LoggerMessage(
        2008, LogLevel.Warning, "Refused {Address} ({Reason}): {Text} Unlogged since the last: {Suppressed}.")]
    public static partial void RefusedPeer(
        ILogger logger, string address, RefusalReason reason, string text, long suppressed);

    [LoggerMessage(
        2009, LogLevel.Warning, "Closed the connection from {Address}: {Reason} Unlogged since: {Suppressed}.")]
    public static partial void BadConnection(ILogger logger, string address, string reason, long suppressed);

    [LoggerMessage(
        2010, LogLevel.Warning, "Cannot accept, trying again: {Reason} Unlogged since the last: {Suppressed}.")]
    public static partial void CannotAccept(ILogger logger, string reason, long suppressed);

    [LoggerMessage(2011, LogLevel.Error, "An unexpected error ended a connection with {Address}.")]
    public static partial void UnexpectedError(ILogger logger, Exception exception, string address);

    [LoggerMessage(2012, LogLevel.Information, "Read the certificate {Subject}, valid until {NotAfter:u}.")]
    public static partial void CertificateLoaded(ILogger logger, string subject, DateTimeOffset notAfter);

    [LoggerMessage(2013, LogLevel.Error, "Cannot read the certificates again; those read before stay in use: {Reason}")]
    public static partial void CertificateReloadFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 2015, Message = "Refused {Peer} at {Address} ({Reason}): {Text} Trying again.")]
    public static partial void RefusedDialled(
        ILogger logger, LogLevel level, NodeId peer, string address, RefusalReason reason, string text);

    [LoggerMessage(
        2014, LogLevel.Error, "{Peer} sent a message that does not follow the format; is its version known?")]
    public static partial void MalformedMessage(ILogger logger, NodeId peer);

    [LoggerMessage(2020, LogLevel.Information,
        "Registered '{Name}' for the discovery token ...{Token} at {Service}.")]
    public static partial void Registered(ILogger logger, string service, string token, string name);

    [LoggerMessage(2021, LogLevel.Information,
        "Found {Found} of {Size} members by discovery; waiting for {Missing} more to register.")]
    public static partial void WaitingForMembers(ILogger logger, int found, int size, int missing);

    [LoggerMessage(2022, LogLevel.Warning,
        "The discovery service {Service} (token ...{Token}) is out of reach: {Reason}. It is asked {Goal} again in "
        + "{Wait}.")]
    public static partial void DiscoveryUnavailable(
        ILogger logger, string service, string token, string goal, string reason, TimeSpan wait);

    [LoggerMessage(2023, LogLevel.Information, "Found cluster {Cluster} of {Size} by discovery.")]
    public static partial void DiscoveryComplete(ILogger logger, ClusterId cluster, int size);

    [LoggerMessage(2024, LogLevel.Warning,
        "The registration for the token ...{Token} at {Service} could not be withdrawn: {Reason}")]
    public static partial void NotWithdrawn(ILogger logger, string service, string token, string reason);

    [LoggerMessage(2025, LogLevel.Information, "Waiting for {Name}: {Found} addresses of {Wanted}. {Problem}")]
    public static partial void WaitingForName(ILogger logger, string name, int found, int wanted, string problem);

    [LoggerMessage(2026, LogLevel.Information, "The cluster cannot be joined yet: {Problem}")]
    public static partial void NotJoinedYet(ILogger logger, string problem);

    [LoggerMessage(2027, LogLevel.Information, "{Address} was let into the cluster as a learner.")]
    public static partial void LearnerAdmitted(ILogger logger, string address);
}
