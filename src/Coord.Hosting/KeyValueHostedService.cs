using Coord.Kv;
using Microsoft.Extensions.Hosting;

namespace Coord.Hosting;

/// <summary>
/// Makes the store with the host, whether anybody asks for it or not: it ends leases while its member leads.
/// </summary>
internal sealed class KeyValueHostedService(EmbeddedKeyValueStore store) : IHostedService
{
    /// <summary>Gets the store that came with the host.</summary>
    public EmbeddedKeyValueStore Store { get; } = store;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
