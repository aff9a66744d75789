using Coord.Client;
using Coord.Hosting;
using Coord.Kv;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Coord.Contract.Tests.Harness;

/// <summary>The store of a node that serves etcd's API, seen through the client.</summary>
public class ServedStore : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coord-contract-").FullName;
    private WebApplication? _application;
    private CoordClient? _client;

    public IKeyValueStore Store => _client!;

    public string Endpoint { get; private set; } = "";

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.ListenLocalhost(FreePorts.Next(), listen => listen.UseCoordProtocols()));
        builder.Services.AddCoord(options =>
        {
            options.DataDirectory = _directory;
            Configure(options);
        }).AddKeyValueStore();
        builder.Services.AddCoordEtcdApi();
        _application = builder.Build();
        _application.MapCoordEtcdApi();
        await _application.StartAsync();
        Endpoint = _application.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.First();
        _client = new(Endpoint);
        await _client.GetAsync("ready");
    }

    public async Task DisposeAsync()
    {
        await _client!.DisposeAsync();
        await _application!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    protected virtual void Configure(CoordOptions options)
    {
    }
}
