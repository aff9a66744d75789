using Microsoft.Extensions.Logging;

namespace Coord.AspNetCore.Diagnostics;

/// <summary>What the API logs. Ids are 6000s; a retired one stays here as reserved.</summary>
internal static partial class Log
{
    [LoggerMessage(6000, LogLevel.Information, "Member {Name} published its client URLs {Urls}")]
    public static partial void Published(ILogger logger, string name, string urls);

    [LoggerMessage(6001, LogLevel.Debug, "The member is not published yet: {Reason}")]
    public static partial void NotPublished(ILogger logger, string reason);

    [LoggerMessage(6010, LogLevel.Information, "Created the discovery token ...{Token} for {Size} members")]
    public static partial void TokenCreated(ILogger logger, string token, int size);

    [LoggerMessage(6011, LogLevel.Information, "{Member} registered for the discovery token ...{Token}")]
    public static partial void MemberRegistered(ILogger logger, string token, string member);

    [LoggerMessage(6012, LogLevel.Warning, "The discovery service could not answer: {Reason}")]
    public static partial void DiscoveryFailed(ILogger logger, string reason);
}
