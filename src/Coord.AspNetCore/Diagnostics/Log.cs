using Microsoft.Extensions.Logging;

namespace Coord.AspNetCore.Diagnostics;

/// <summary>What the API logs. Ids are 6000s; a retired one stays here as reserved.</summary>
internal static partial class Log
{
    [LoggerMessage(6000, LogLevel.Information, "Member {Name} published its client URLs {Urls}")]
    public static partial void Published(ILogger logger, string name, string urls);

    [LoggerMessage(6001, LogLevel.Debug, "The member is not published yet: {Reason}")]
    public static partial void NotPublished(ILogger logger, string reason);
}
