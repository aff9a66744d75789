using Coord.Kv;
using Coord.Raft;
using Coord.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Coord.Hosting;

/// <summary>Names the transport of a node and the services on it.</summary>
/// <remarks>Without a transport the node must be on its own.</remarks>
public sealed class CoordBuilder
{
    internal CoordBuilder(IServiceCollection services) => Services = services;

    /// <summary>Gets the collection that everything is added to.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Lets the node speak to the others through a transport; the last one named counts.</summary>
    /// <param name="create">Creates it; the node owns it.</param>
    /// <returns>This builder.</returns>
    public CoordBuilder UseTransport(Func<IServiceProvider, IRaftTransport> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        Services.RemoveAll<TransportFactory>();
        Services.AddSingleton(new TransportFactory(create));
        return this;
    }

    /// <summary>Lets the node speak to the others over TCP, with TLS if the options say so.</summary>
    /// <param name="configure">Sets where to listen, and how peers prove who they are.</param>
    /// <returns>This builder.</returns>
    /// <remarks>Wrong options stop the host when the node is created, with what is wrong.</remarks>
    public CoordBuilder UseTcp(Action<TcpTransportOptions>? configure = null)
    {
        OptionsBuilder<TcpTransportOptions> options = Services.AddOptions<TcpTransportOptions>();
        if (configure is not null)
            options.Configure(configure);
        return UseTransport(provider => new TcpTransport(
            WithAdmission(provider),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILoggerFactory>()));
    }

    /// <summary>
    /// Makes the node's state machine a key-value store, and adds <see cref="IKeyValueStore"/>.
    /// </summary>
    /// <returns>This builder.</returns>
    public CoordBuilder AddKeyValueStore()
    {
        Services.TryAddSingleton(provider => new KeyValueStateMachine(
            provider.GetRequiredService<IOptions<CoordOptions>>().Value.KeyValue,
            provider.GetRequiredService<TimeProvider>()));
        Services.TryAddSingleton<IStateMachine>(provider => provider.GetRequiredService<KeyValueStateMachine>());
        Services.TryAddSingleton(provider => new EmbeddedKeyValueStore(
            provider.GetRequiredService<RaftNode>(), provider.GetRequiredService<KeyValueStateMachine>()));
        Services.TryAddSingleton<IKeyValueStore>(provider => provider.GetRequiredService<EmbeddedKeyValueStore>());
        Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, KeyValueHostedService>());
        return this;
    }

    /// <summary>A node that found its cluster by a token lets in who comes later with the same token.</summary>
    private static TcpTransportOptions WithAdmission(IServiceProvider provider)
    {
        TcpTransportOptions options = provider.GetRequiredService<IOptions<TcpTransportOptions>>().Value;
        BootstrapResult? found = provider.GetRequiredService<IOptions<CoordOptions>>().Value.Found;
        if (found is { Admission.IsEmpty: false })
            options.Admission ??= new LearnerAdmission(found.Admission, provider.GetRequiredService<RaftNode>);
        return options;
    }
}
