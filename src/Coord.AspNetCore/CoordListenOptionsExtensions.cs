using Coord.AspNetCore.Direct;
using Coord.AspNetCore.Ports;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Lets a port be what etcd's clients expect of one.</summary>
public static class CoordListenOptionsExtensions
{
    /// <summary>How many calls etcd's clients may have under way on one connection.</summary>
    private const int StreamsPerConnection = 100_000;

    /// <summary>Serves HTTP/1.1 and HTTP/2, and with it gRPC, on the same port, with TLS or without.</summary>
    /// <param name="options">The port. Call this after <c>UseHttps</c>, if the port has that.</param>
    /// <returns>The same port.</returns>
    /// <remarks>
    /// With TLS the protocol is negotiated; without, it is told by the first bytes. For the whole server this also
    /// lifts Kestrel's limit of 100 calls at a time on a connection, because one of etcd's clients has all its calls
    /// and watches on one, and its least rate of sending, because a watch may wait for a client that was paused.
    /// </remarks>
    /// <example>
    /// <code>builder.WebHost.ConfigureKestrel(o => o.ListenLocalhost(2379, port => port.UseCoordProtocols()));</code>
    /// </example>
    public static ListenOptions UseCoordProtocols(this ListenOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        KestrelServerLimits limits = options.KestrelServerOptions.Limits;
        options.Protocols = HttpProtocols.Http1AndHttp2;
        options.KestrelServerOptions.AllowAlternateSchemes = true;
        limits.Http2.MaxStreamsPerConnection = Math.Max(limits.Http2.MaxStreamsPerConnection, StreamsPerConnection);
        limits.MinResponseDataRate = null;
        TimeProvider timeProvider =
            options.ApplicationServices.GetService<TimeProvider>() ?? TimeProvider.System;
        DirectCalls? directs = options.ApplicationServices.GetService<DirectCalls>();
        options.Use(next => new PrefaceMiddleware(
            next, limits.KeepAliveTimeout, timeProvider, HasRoom(limits.Http2) ? directs : null).OnConnectionAsync);
        return options;
    }

    /// <summary>Tells whether clients may send enough that some of it can be kept from the web server.</summary>
    private static bool HasRoom(Http2Limits limits) =>
        limits.InitialConnectionWindowSize >= DirectConnection.MinConnectionWindow
        && limits.InitialStreamWindowSize >= DirectConnection.MinStreamWindow;
}
