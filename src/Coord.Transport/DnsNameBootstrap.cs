using System.Net;
using System.Net.Sockets;
using Coord.Transport.Connections;
using Coord.Transport.Diagnostics;
using Coord.Transport.Discovery;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Transport;

/// <summary>A cluster of all addresses behind one name, once there are as many as expected.</summary>
/// <remarks>
/// As orchestrators give to a group of equal instances. All members use the same port. A node waits until exactly the
/// expected number of addresses is there, so that all nodes come to the same list, and finds itself in it by the
/// addresses of its own peer URL.
/// </remarks>
public sealed class DnsNameBootstrap : IClusterBootstrap
{
    private readonly string _name;
    private readonly int _count;
    private readonly INameResolver _resolver;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    /// <summary>Creates a bootstrap that asks nobody yet.</summary>
    /// <param name="name">The name.</param>
    /// <param name="count">How many addresses are to be behind it, from 1 to 1,000.</param>
    /// <param name="resolver">What looks names up; the system by default.</param>
    /// <param name="timeProvider">The time; that of the system by default.</param>
    /// <param name="loggerFactory">Where to log what is waited for; nowhere by default.</param>
    public DnsNameBootstrap(
        string name, int count, INameResolver? resolver = null, TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MemberList.MaxMembers);
        (_name, _count, _resolver) = (name, count, resolver ?? new SystemNameResolver());
        _timeProvider = timeProvider ?? TimeProvider.System;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<DnsNameBootstrap>();
    }

    /// <summary>Gets or sets what tells clusters apart that have the same addresses.</summary>
    /// <value><c>etcd-cluster</c>.</value>
    public string Token { get; set; } = "etcd-cluster";

    /// <summary>Gets or sets how long to wait for all addresses.</summary>
    /// <value>10 minutes.</value>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public async ValueTask<BootstrapResult> FindAsync(BootstrapNode self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        PeerUrl own = PeerUrl.Parse(self.PeerUrls[0]);
        IPAddress[] all = await WaitAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<IPAddress> mine;
        try
        {
            mine = await _resolver.FindAddressesAsync(own.Host, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw new BootstrapException(exception.Message, exception);
        }

        IPAddress[] matches = [.. all.Intersect(mine)];
        if (matches.Length != 1)
        {
            throw new BootstrapException(
                $"{matches.Length} of the addresses behind {_name} ({string.Join(", ", all.AsEnumerable())}) are "
                + $"this node's, {own}; it must be one.");
        }

        NamedUrls[] members = [.. all.Select(address => new NamedUrls(
            address.Equals(matches[0]) ? self.Name : $"{address}",
            [new PeerUrl(own.IsTls, address.ToString(), own.Port).ToString()]))];
        string url = members.First(member => member.Name == self.Name).PeerUrls[0];
        return ClusterIds.Resolve(members, Token, new BootstrapNode(self.Name, url), $"The addresses behind {_name}");
    }

    private async Task<IPAddress[]> WaitAsync(CancellationToken cancellationToken)
    {
        Backoff backoff = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5), new Entropy(null));
        long start = _timeProvider.GetTimestamp();
        while (true)
        {
            (IPAddress[] addresses, string problem) = await LookAsync(cancellationToken).ConfigureAwait(false);
            if (addresses.Length == _count)
                return addresses;
            if (addresses.Length > _count || _timeProvider.GetElapsedTime(start) > Patience)
            {
                throw new BootstrapException(
                    $"There are {addresses.Length} addresses behind {_name}, and {_count} are expected. {problem}"
                    + "Correct the number or the records.");
            }

            Log.WaitingForName(_logger, _name, addresses.Length, _count, problem);
            await Task.Delay(backoff.Next(), _timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(IPAddress[] Addresses, string Problem)> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<IPAddress> found =
                await _resolver.FindAddressesAsync(_name, cancellationToken).ConfigureAwait(false);

            // One kind of address alone: a member that has both would count twice.
            IPAddress[] v4 = [.. found.Where(ip => ip.AddressFamily is AddressFamily.InterNetwork)];
            IPAddress[] all = v4.Length > 0 ? v4 : [.. found];
            return ([.. all.Distinct().OrderBy(ip => ip.ToString(), StringComparer.Ordinal)], "");
        }
        catch (IOException exception)
        {
            return ([], exception.Message + " ");
        }
    }
}
