using Coord.AspNetCore;
using Coord.SampleHost.Configuration;

namespace Coord.SampleHost.Http;

/// <summary>How this host shows itself to clients of etcd.</summary>
internal static class EtcdApi
{
    private const int ElectionTimeoutsWithoutLeader = 3;

    public static void Configure(EtcdApiOptions options, HostSettings settings)
    {
        options.ClusterId = settings.Cluster.Id;
        options.MemberName = settings.Name;
        foreach (PortUrl url in settings.Self.PeerUrls)
            options.PeerUrls.Add(url.ToString());
        foreach (PortUrl url in settings.ClientAdvertise)
            options.ClientUrls.Add(url.ToString());
        options.AnswerOnConnection = true;
        options.MaxRequestBytes = settings.MaxRequestBytes;
        options.QuotaBytes = settings.QuotaBytes;
        options.MaxTransactionOperations = settings.MaxTransactionOperations;
        options.StrictReconfigCheck = settings.StrictReconfigCheck;
        options.NoLeaderTimeout = ElectionTimeoutsWithoutLeader * settings.ElectionTimeout;
    }

    /// <summary>Answers to a path that nobody serves, in etcd's words.</summary>
    public static async Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("404 page not found\n", context.RequestAborted);
    }
}
