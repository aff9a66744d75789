using Coord.AspNetCore;
using Coord.AspNetCore.Discovery;
using Coord.Kv;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Gives the discovery service its paths.</summary>
public static class CoordDiscoveryEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a discovery service: nodes that are given one of its tokens find each other and form one cluster.
    /// </summary>
    /// <param name="endpoints">Where to map it. The services must have an <see cref="IKeyValueStore"/>.</param>
    /// <param name="path">Under which path; tokens are created at <c>new</c> below it.</param>
    /// <param name="configure">Sets how tokens are made, how long they live, and who may create them.</param>
    /// <returns>The same.</returns>
    /// <remarks>
    /// The protocol is that of etcd's public discovery service, so etcd and Coord can both be started from it. Its
    /// state lies in the store under <c>/_etcd/registry/</c>, where etcd's v3 discovery has it too: any number of hosts
    /// over one store are one service. Whoever can read those keys can see all tokens.
    /// </remarks>
    /// <exception cref="ArgumentException">An option is wrong; the message says which.</exception>
    /// <exception cref="InvalidOperationException">There is no store.</exception>
    /// <example><code>app.MapCoordDiscovery("/discovery", o => o.CreationSecret = secret);</code></example>
    public static IEndpointRouteBuilder MapCoordDiscovery(
        this IEndpointRouteBuilder endpoints, string path = "/discovery",
        Action<DiscoveryServiceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(path);
        DiscoveryServiceOptions options = new();
        configure?.Invoke(options);
        if (options.Problem() is { } problem)
            throw new ArgumentException(problem, nameof(configure));

        IServiceProvider services = endpoints.ServiceProvider;
        IKeyValueStore store = services.GetService<IKeyValueStore>() ?? throw new InvalidOperationException(
            "The discovery service needs a store. Call AddKeyValueStore() after AddCoord(), or add an IKeyValueStore.");
        TimeProvider timeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System;
        ILoggerFactory logging = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        DiscoveryEndpoint endpoint = new(
            new Registry(store, options), options, "/" + path.Trim('/'), timeProvider,
            services.GetRequiredService<IHostApplicationLifetime>(), logging.CreateLogger<DiscoveryEndpoint>());
        endpoints.Map($"{path.TrimEnd('/')}/{{**path}}", (RequestDelegate)endpoint.InvokeAsync);
        return endpoints;
    }
}
