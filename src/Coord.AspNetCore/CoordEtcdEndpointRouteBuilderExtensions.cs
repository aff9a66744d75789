using Coord.AspNetCore;
using Coord.AspNetCore.Gateway;
using Coord.AspNetCore.Hot;
using Coord.AspNetCore.Http;
using Coord.AspNetCore.Services;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Gives the etcd API of a Coord node its paths.</summary>
public static class CoordEtcdEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps the gRPC services of etcd v3, their JSON under <c>/v3</c>, and <c>/version</c>, <c>/health</c>,
    /// <c>/metrics</c> and <c>/debug/vars</c>.
    /// </summary>
    /// <param name="endpoints">Where to map them. The port needs <c>UseCoordProtocols</c>.</param>
    /// <returns>The same.</returns>
    /// <exception cref="InvalidOperationException"><c>AddCoordEtcdApi</c> was not called.</exception>
    public static IEndpointRouteBuilder MapCoordEtcdApi(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        IServiceProvider services = endpoints.ServiceProvider;
        if (services.GetService<KvService>() is null)
            throw new InvalidOperationException("The etcd API is not registered. Call services.AddCoordEtcdApi().");

        int maxBytes = services.GetRequiredService<IOptions<EtcdApiOptions>>().Value.MaxRequestBytes
            + MessageLimit.OverheadBytes;
        PlainCalls plain = services.GetRequiredService<PlainCalls>();
        Limit(endpoints.MapGrpcService<EtcdService<KvService>>());
        Limit(endpoints.MapGrpcService<EtcdService<WatchService>>());
        Limit(endpoints.MapGrpcService<EtcdService<LeaseService>>());
        Limit(endpoints.MapGrpcService<EtcdService<ClusterService>>());
        Limit(endpoints.MapGrpcService<EtcdService<MaintenanceService>>());
        Limit(endpoints.MapGrpcService<EtcdService<AuthService>>());
        Limit(endpoints.MapGrpcService<EtcdService<LockService>>());
        Limit(endpoints.MapGrpcService<EtcdService<ElectionService>>());
        Limit(endpoints.MapGrpcService<EtcdService<SessionService>>());

        GatewayRoutes gateway = services.GetRequiredService<GatewayRoutes>();
        Map("/v3/{**path}", gateway.InvokeAsync);
        Map("/v3beta/{**path}", gateway.InvokeAsync);

        Map("/version", services.GetRequiredService<VersionEndpoint>().InvokeAsync);
        Map("/health", services.GetRequiredService<HealthEndpoint>().InvokeAsync);
        Map("/metrics", services.GetRequiredService<MetricsEndpoint>().InvokeAsync);
        Map("/debug/vars", DebugEndpoints.VarsAsync);
        Map("/config/local/log", DebugEndpoints.LogLevelAsync);
        return endpoints;

        void Limit(GrpcServiceEndpointConventionBuilder service) =>
            service.Add(endpoint =>
            {
                MessageLimit.Apply(endpoint, maxBytes, plain.Clock);
                plain.Apply(endpoint);
            });

        void Map(string path, RequestDelegate answer) => endpoints.Map(path, answer);
    }
}
