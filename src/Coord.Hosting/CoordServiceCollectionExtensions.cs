using Coord.Hosting;
using Coord.Raft;
using Coord.Transport;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers Coord in a service collection.</summary>
public static class CoordServiceCollectionExtensions
{
    private const string HealthCheckName = "coord";

    /// <summary>Adds a Coord node that starts and stops with the host.</summary>
    /// <param name="services">The collection to add to.</param>
    /// <param name="configure">Sets the node's options.</param>
    /// <returns>A builder that names the transport and the services to run on the node.</returns>
    /// <remarks>
    /// The node starts before the other services of the host and stops after them, so that they can use it while they
    /// start and stop. It does not wait for a leader: who needs one waits with
    /// <see cref="RaftNode.WaitForLeaderAsync"/>, but not while the host starts, or the nodes of a cluster that start
    /// one after the other would wait for each other. A health check named <c>coord</c> says whether there is a leader.
    /// A node that stops by itself, because its disk failed for example, stops the host with exit code 1.
    /// </remarks>
    /// <example>
    /// <code>
    /// builder.Services.AddCoord(o => { o.NodeId = new(1); o.DataDirectory = "/var/lib/coord"; })
    ///     .UseTcp(o => o.ListenOn(7400))
    ///     .AddKeyValueStore();
    /// </code>
    /// </example>
    public static CoordBuilder AddCoord(this IServiceCollection services, Action<CoordOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);

        services.AddOptions<CoordOptions>()
            .Configure(configure)
            .PostConfigure(options => options.CompleteIfAlone())
            .ValidateOnStart();

        // TryAdd, so that a test or a sample can put its own first, and calling twice is harmless.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CoordOptions>, CoordOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(CreateNode);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RaftHostedService>());
        if (services.All(service => service.ServiceType != typeof(CoordHealthCheck)))
        {
            services.AddSingleton<CoordHealthCheck>();
            services.AddHealthChecks().AddCheck<CoordHealthCheck>(HealthCheckName);
        }

        return new CoordBuilder(services);
    }

    private static RaftNode CreateNode(IServiceProvider provider)
    {
        CoordOptions options = provider.GetRequiredService<IOptions<CoordOptions>>().Value;
        IStateMachine stateMachine = provider.GetService<IStateMachine>() ?? throw new InvalidOperationException(
            "The Coord node has no state machine. Call AddKeyValueStore() after AddCoord(), or add an IStateMachine.");
        FindCluster(options, provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? default);
        TransportFactory? transport = provider.GetService<TransportFactory>();
        if (transport is null && (options.InitialMembers.Count > 1 || options.JoinExisting))
        {
            throw new InvalidOperationException(
                "The Coord node has no transport to reach the other members with. Call UseTcp() after AddCoord().");
        }

        return new RaftNode(
            options.Raft,
            stateMachine,
            transport?.Create(provider) ?? new LoneTransport(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILoggerFactory>());
    }

    /// <summary>Waits for the cluster that the node begins or joins, if it has to be found.</summary>
    /// <remarks>
    /// A container creates synchronously, and everything that uses the node is created before the host starts any of
    /// it: so this is the one place that waits. No thread of the pool is held, and stopping the host ends it.
    /// </remarks>
    private static void FindCluster(CoordOptions options, CancellationToken cancellationToken)
    {
        if (options.Bootstrap is null || options.BootstrapNode is null)
            return;

        options.Found = ClusterBootstrap
            .RunAsync(options.Bootstrap, options.BootstrapNode, options.DataDirectory, cancellationToken)
            .AsTask().GetAwaiter().GetResult();
        options.Found.ApplyTo(options.Raft);
    }
}
