using System.Net;

namespace Coord.Transport;

/// <summary>Looks names up. A seam: tests and other directories of names put their own in its place.</summary>
public interface INameResolver
{
    /// <summary>Looks up where a service is (SRV records).</summary>
    /// <param name="name">The whole name, such as <c>_etcd-server._tcp.example.com</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The records in any order; empty if there are none.</returns>
    /// <exception cref="IOException">The directory could not be asked; trying again may help.</exception>
    ValueTask<IReadOnlyList<ServiceRecord>> FindServiceAsync(string name, CancellationToken cancellationToken);

    /// <summary>Looks up the addresses of a host.</summary>
    /// <param name="host">Its name, or an address, which stands for itself.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The addresses in any order; empty if there are none.</returns>
    /// <exception cref="IOException">The directory could not be asked; trying again may help.</exception>
    ValueTask<IReadOnlyList<IPAddress>> FindAddressesAsync(string host, CancellationToken cancellationToken);
}
