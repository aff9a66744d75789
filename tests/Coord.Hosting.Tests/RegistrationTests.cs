using Coord.Kv;
using Coord.Raft;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Coord.Hosting.Tests;

/// <summary>What AddCoord puts into a service collection, and what it says when something is left out.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public void Adding_it_twice_is_harmless_and_both_set_options()
    {
        ServiceCollection services = new();
        services.AddCoord(options => options.NodeId = new(1)).AddKeyValueStore();
        services.AddCoord(options => options.KeyValue.QuotaBytes = 7).AddKeyValueStore();
        Assert.Single(services, service => service.ServiceType == typeof(RaftNode));
        Assert.Single(services, service => service.ImplementationType == typeof(RaftHostedService));
        Assert.Single(services, service => service.ServiceType == typeof(IKeyValueStore));
    }

    [Fact]
    public void Arguments_are_needed()
    {
        Assert.Throws<ArgumentNullException>(() => default(IServiceCollection)!.AddCoord(_ => { }));
        Assert.Throws<ArgumentNullException>(() => new ServiceCollection().AddCoord(null!));
        Assert.Throws<ArgumentNullException>(() => new ServiceCollection().AddCoord(_ => { }).UseTransport(null!));
    }

    [Fact]
    public async Task A_node_without_a_state_machine_is_refused_with_what_to_do()
    {
        InvalidOperationException refusal = await RefusalAsync(services => services.AddCoord(_ => { }));
        Assert.Contains("AddKeyValueStore()", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_without_a_transport_is_refused_with_what_to_do()
    {
        InvalidOperationException refusal = await RefusalAsync(services => services
            .AddCoord(o =>
            {
                (o.NodeId, o.ClusterId) = (new(1), new(1));
                o.AddMember(1, "a:1").AddMember(2, "b:1");
            })
            .AddKeyValueStore());
        Assert.Contains("UseTcp()", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_transport_counts()
    {
        ServiceCollection services = new();
        LoneTransport last = new();
        services.AddCoord(_ => { }).UseTransport(_ => new LoneTransport()).UseTransport(_ => last);
        ServiceDescriptor only = Assert.Single(services, service => service.ServiceType == typeof(TransportFactory));
        Assert.Same(last, ((TransportFactory)only.ImplementationInstance!).Create(null!));
    }

    [Fact]
    public async Task All_faces_of_the_store_are_one()
    {
        ServiceCollection services = new();
        services.AddLogging().AddCoord(_ => { }).AddKeyValueStore();
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Same(
            provider.GetRequiredService<IKeyValueStore>(), provider.GetRequiredService<EmbeddedKeyValueStore>());
        Assert.Same(provider.GetRequiredService<IStateMachine>(), provider.GetRequiredService<KeyValueStateMachine>());
    }

    private static async Task<InvalidOperationException> RefusalAsync(Action<IServiceCollection> add)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        add(builder.Services);
        using IHost host = builder.Build();
        return await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());
    }
}
