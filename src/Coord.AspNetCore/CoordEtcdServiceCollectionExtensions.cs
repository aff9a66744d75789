using System.Diagnostics.CodeAnalysis;
using Coord.AspNetCore;
using Coord.AspNetCore.Diagnostics;
using Coord.AspNetCore.Direct;
using Coord.AspNetCore.Gateway;
using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Hot;
using Coord.AspNetCore.Http;
using Coord.AspNetCore.Services;
using Coord.Hosting;
using Coord.Kv;
using Coord.Protocol.Etcd;
using Coord.Protocol.Sessions;
using Coord.Protocol.V3Election;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the etcd API of a Coord node.</summary>
public static class CoordEtcdServiceCollectionExtensions
{
    private const int ElectionTimeoutsWithoutLeader = 3;

    /// <summary>Adds what answers clients of etcd; <c>MapCoordEtcdApi</c> gives it its paths.</summary>
    /// <param name="services">
    /// The collection, which has a node with a key-value store: <c>AddCoord(...).AddKeyValueStore()</c>, or a
    /// <see cref="Coord.Raft.RaftNode"/> and an <see cref="EmbeddedKeyValueStore"/> of the caller's making.
    /// </param>
    /// <param name="configure">Sets how the node is shown.</param>
    /// <returns>The same collection.</returns>
    public static IServiceCollection AddCoordEtcdApi(
        this IServiceCollection services, Action<EtcdApiOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<EtcdApiOptions> options = services.AddOptions<EtcdApiOptions>()
            .Configure<IServiceProvider>(TakeFromNode);
        if (configure is not null)
            options.Configure(configure);

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<EtcdMember>();
        services.TryAddSingleton<LeaderMonitor>();
        services.TryAddSingleton<StreamScope>();
        AddHandlers(services);
        AddServices(services);
        services.TryAddSingleton<GatewayRoutes>();
        services.TryAddSingleton<CallMetrics>();
        services.TryAddSingleton<PlainCalls>();
        services.TryAddSingleton<DirectCalls>();
        services.TryAddSingleton<MeterMetrics>();
        services.TryAddSingleton<VersionEndpoint>();
        services.TryAddSingleton<HealthEndpoint>();
        services.TryAddSingleton<MetricsEndpoint>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MemberPublisher>());
        services.AddGrpc(grpc =>
        {
            grpc.MaxSendMessageSize = null;
            grpc.Interceptors.Add<EtcdInterceptor>();
        });
        services.AddOptions<Grpc.AspNetCore.Server.GrpcServiceOptions>().Configure<IOptions<EtcdApiOptions>>(
            (grpc, api) => grpc.MaxReceiveMessageSize = api.Value.MaxRequestBytes + MessageLimit.OverheadBytes);
        return services;
    }

    private static void AddHandlers(IServiceCollection services)
    {
        services.TryAddSingleton<KvHandler>();
        services.TryAddSingleton<WatchHandler>();
        services.TryAddSingleton<LeaseHandler>();
        services.TryAddSingleton<ClusterHandler>();
        services.TryAddSingleton<AuthHandler>();
        services.TryAddSingleton<LockHandler>();
        services.TryAddSingleton<ElectionHandler>();
        services.TryAddSingleton<MaintenanceHandler>();
    }

    /// <summary>The services have no state of a call, so one of each is enough for all calls.</summary>
    private static void AddServices(IServiceCollection services)
    {
        services.TryAddSingleton<EtcdInterceptor>();
        Add<KvService>(KV.BindService);
        Add<WatchService>(Watch.BindService);
        Add<LeaseService>(Lease.BindService);
        Add<ClusterService>(Cluster.BindService);
        Add<MaintenanceService>(Maintenance.BindService);
        Add<AuthService>(Auth.BindService);
        Add<LockService>(Coord.Protocol.V3Lock.Lock.BindService);
        Add<SessionService>(Session.BindService);
        Add<ElectionService>(Election.BindService);

        void Add<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TService>(
            Action<ServiceBinderBase, TService> bind)
            where TService : class
        {
            services.TryAddSingleton<TService>();
            services.TryAddSingleton(provider =>
                new EtcdService<TService>(provider.GetRequiredService<TService>(), bind));
            services.TryAddEnumerable(
                ServiceDescriptor.Singleton<IServiceMethodProvider<EtcdService<TService>>, EtcdService<TService>>(
                    provider => provider.GetRequiredService<EtcdService<TService>>()));
        }
    }

    /// <summary>Takes over what the options of a node say that was added with <c>AddCoord</c>.</summary>
    private static void TakeFromNode(EtcdApiOptions options, IServiceProvider provider)
    {
        if (provider.GetService<IConfigureOptions<CoordOptions>>() is null)
            return;

        CoordOptions node = provider.GetRequiredService<IOptions<CoordOptions>>().Value;
        options.ClusterId = node.ClusterId;
        options.MaxRequestBytes = node.KeyValue.MaxRequestBytes;
        options.MaxTransactionOperations = node.KeyValue.MaxTransactionOperations;
        options.QuotaBytes = node.KeyValue.QuotaBytes;
        options.NoLeaderTimeout = ElectionTimeoutsWithoutLeader * node.Raft.ElectionTimeout;
    }
}
