using Coord.Hosting;
using Coord.Kv;
using Coord.Raft;
using Coord.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Coord.AspNetCore.Tests.Harness;

/// <summary>A node of its own that serves the API on a real port, as an application would set it up.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private const int EncodingSlackBytes = 1024;

    private readonly string _directory = Directory.CreateTempSubdirectory("coord-api-").FullName;
    private readonly WebApplication _application;

    private ApiServer(
        Action<EtcdApiOptions>? api, Action<CoordOptions>? node, Action<ListenOptions>? port,
        Action<DiscoveryServiceOptions>? discovery)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddCoord(options =>
        {
            options.DataDirectory = _directory;
            options.ClusterId = new ClusterId(0xc0);
            options.NodeId = new NodeId(0xa1);
            options.KeyValue.MaxRequestBytes += EncodingSlackBytes;
            options.Raft.HeartbeatInterval = TimeSpan.FromMilliseconds(20);
            options.Raft.ElectionTimeout = TimeSpan.FromMilliseconds(100);
            node?.Invoke(options);
        }).UseTransport(_ => new InMemoryNetwork().CreateTransport()).AddKeyValueStore();
        builder.Services.AddCoordEtcdApi(options =>
        {
            options.MaxRequestBytes -= EncodingSlackBytes;
            options.AnswerOnConnection = true;
            api?.Invoke(options);
        });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            port?.Invoke(listen);
            listen.UseCoordProtocols();
        }));
        _application = builder.Build();
        _application.UseRouting();
        _application.MapCoordEtcdApi();
        _application.MapCoordDiscovery("/discovery", discovery);
    }

    public Uri Address { get; private set; } = null!;

    public IServiceProvider Services => _application.Services;

    public EmbeddedKeyValueStore Store => Services.GetRequiredService<EmbeddedKeyValueStore>();

    public static async Task<ApiServer> StartAsync(
        Action<EtcdApiOptions>? api = null, Action<CoordOptions>? node = null, Action<ListenOptions>? port = null,
        Action<DiscoveryServiceOptions>? discovery = null)
    {
        ApiServer server = await StartAloneAsync(api, node, port, discovery);
        await server.Services.GetRequiredService<RaftNode>().WaitForLeaderAsync();
        return server;
    }

    /// <summary>Starts a member of three whose others are not there, so that there is never a leader.</summary>
    public static Task<ApiServer> StartWithoutLeaderAsync() => StartAloneAsync(node: options =>
    {
        foreach (ulong id in (ulong[])[0xa1, 0xa2, 0xa3])
            options.AddMember(id, $"127.0.0.1:{id}");
    });

    private static async Task<ApiServer> StartAloneAsync(
        Action<EtcdApiOptions>? api = null, Action<CoordOptions>? node = null, Action<ListenOptions>? port = null,
        Action<DiscoveryServiceOptions>? discovery = null)
    {
        ApiServer server = new(api, node, port, discovery);
        await server._application.StartAsync();
        IServerAddressesFeature addresses = server.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!;
        server.Address = new Uri(addresses.Addresses.First());
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
