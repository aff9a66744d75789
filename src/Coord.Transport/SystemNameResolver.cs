using System.Net;
using System.Net.Sockets;
using Coord.Transport.Connections;
using Coord.Transport.Discovery;

namespace Coord.Transport;

/// <summary>
/// Looks addresses up as the system does, and services at the name servers of <c>/etc/resolv.conf</c>: .NET itself
/// asks for addresses only.
/// </summary>
public sealed class SystemNameResolver : INameResolver
{
    private readonly Func<IReadOnlyList<IPEndPoint>> _servers;
    private readonly DnsClient _client;

    /// <summary>Creates a resolver of the system's name servers.</summary>
    public SystemNameResolver()
        : this(ResolverConfiguration.ReadServers)
    {
    }

    /// <summary>Creates a resolver that asks other name servers for services.</summary>
    /// <param name="servers">The servers, in the order in which they are asked.</param>
    public SystemNameResolver(params IReadOnlyList<IPEndPoint> servers)
        : this(() => servers)
    {
        ArgumentNullException.ThrowIfNull(servers);
    }

    private SystemNameResolver(Func<IReadOnlyList<IPEndPoint>> servers)
    {
        _servers = servers;
        _client = new DnsClient(TimeProvider.System, new Entropy(null));
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ServiceRecord>> FindServiceAsync(
        string name, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return await _client.FindServiceAsync(_servers(), name, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<IPAddress>> FindAddressesAsync(
        string host, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(host);
        if (IPAddress.TryParse(host, out IPAddress? address))
            return [address];

        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException exception) when (
            exception.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return [];
        }
        catch (SocketException exception)
        {
            throw new IOException($"{host} cannot be looked up: {exception.Message}", exception);
        }
    }
}
