using Coord.Kv;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coord.Contract.Tests.Harness;

/// <summary>The store in the process, on a real node of one member.</summary>
public sealed class EmbeddedStore : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coord-contract-").FullName;
    private IHost? _host;

    public IKeyValueStore Store => _host!.Services.GetRequiredService<IKeyValueStore>();

    public async Task InitializeAsync()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddCoord(options => options.DataDirectory = _directory).AddKeyValueStore();
        _host = builder.Build();
        await _host.StartAsync();
        await Store.GetAsync("ready");
    }

    public async Task DisposeAsync()
    {
        await _host!.StopAsync();
        _host.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
