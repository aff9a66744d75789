using System.Net;
using Coord.Transport.Discovery;

namespace Coord.Transport;

/// <summary>
/// A cluster whose members stand in DNS as services (SRV records), as etcd's <c>discovery-srv</c> has it.
/// </summary>
/// <remarks>
/// Members with TLS are the records of <c>_etcd-server-ssl._tcp</c> and the domain, those without of
/// <c>_etcd-server._tcp</c>. A node finds itself among them by what its own peer URL's host resolves to. All records
/// must be there before the first node starts: they are what all nodes agree on.
/// </remarks>
public sealed class DnsServiceBootstrap : IClusterBootstrap
{
    private readonly string _domain;
    private readonly INameResolver _resolver;

    /// <summary>Creates a bootstrap that asks nobody yet.</summary>
    /// <param name="domain">The domain, such as <c>example.com</c>.</param>
    /// <param name="resolver">What looks names up; the system's name servers by default.</param>
    public DnsServiceBootstrap(string domain, INameResolver? resolver = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(domain);
        (_domain, _resolver) = (domain.Trim('.'), resolver ?? new SystemNameResolver());
    }

    /// <summary>Gets or sets what is appended to the services' names, for several clusters in one domain.</summary>
    /// <value>Empty; with <c>blue</c> the service is <c>_etcd-server-blue._tcp</c>.</value>
    public string ServiceSuffix { get; set; } = "";

    /// <summary>Gets or sets what tells clusters apart that have the same addresses.</summary>
    /// <value><c>etcd-cluster</c>.</value>
    public string Token { get; set; } = "etcd-cluster";

    /// <inheritdoc/>
    public async ValueTask<BootstrapResult> FindAsync(BootstrapNode self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        List<NamedUrls> members = [];
        try
        {
            await AddAsync(members, self, isTls: true, cancellationToken).ConfigureAwait(false);
            await AddAsync(members, self, isTls: false, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw new BootstrapException($"{exception.Message} Check the name servers of this machine.", exception);
        }

        if (members.Count == 0)
        {
            throw new BootstrapException(
                $"There are no records of {NameOf(isTls: true)} or {NameOf(isTls: false)}; add one for each member.");
        }

        // All nodes go by what stands in DNS: a host's name there, where this node may be given by its address.
        NamedUrls[] own = [.. members.Where(member => member.Name == self.Name)];
        if (own is [var one])
        {
            BootstrapNode asRecorded = new(self.Name, one.PeerUrls);
            return ClusterIds.Resolve(members, Token, asRecorded, $"The records of {_domain}");
        }

        if (own.Length > 1)
        {
            throw new BootstrapException(
                $"{own.Length} records of {_domain} lead to this node: "
                + $"{string.Join(", ", own.SelectMany(member => member.PeerUrls))}. Leave one of them.");
        }

        throw new BootstrapException(
            $"No record of {_domain} leads to this node, {string.Join(',', self.PeerUrls)}. They lead to "
            + $"{string.Join(", ", members.SelectMany(member => member.PeerUrls))}.");
    }

    private async Task AddAsync(
        List<NamedUrls> members, BootstrapNode self, bool isTls, CancellationToken cancellationToken)
    {
        IReadOnlyList<ServiceRecord> records =
            await _resolver.FindServiceAsync(NameOf(isTls), cancellationToken).ConfigureAwait(false);
        foreach (ServiceRecord record in records
            .OrderBy(record => record.Target, StringComparer.Ordinal).ThenBy(record => record.Port))
        {
            string url = new PeerUrl(isTls, record.Target.TrimEnd('.'), record.Port).ToString();
            if (!PeerUrl.TryParse(url, out PeerUrl? parsed) || members.Count == MemberList.MaxMembers)
                throw new BootstrapException($"{NameOf(isTls)} has a record that is no address: {url}.");

            if (await IsSelfAsync(parsed, self, cancellationToken).ConfigureAwait(false))
                members.Add(new NamedUrls(self.Name, [parsed.ToString()]));
            else
                members.Add(new NamedUrls($"{parsed.Host}:{parsed.Port}", [parsed.ToString()]));
        }
    }

    private async Task<bool> IsSelfAsync(PeerUrl record, BootstrapNode self, CancellationToken cancellationToken)
    {
        foreach (PeerUrl own in self.PeerUrls.Select(PeerUrl.Parse))
        {
            if (own.IsTls != record.IsTls || own.Port != record.Port)
                continue;
            if (string.Equals(own.Host, record.Host, StringComparison.OrdinalIgnoreCase))
                return true;

            IReadOnlyList<IPAddress> mine =
                await _resolver.FindAddressesAsync(own.Host, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<IPAddress> theirs =
                await _resolver.FindAddressesAsync(record.Host, cancellationToken).ConfigureAwait(false);
            if (mine.Intersect(theirs).Any())
                return true;
        }

        return false;
    }

    private string NameOf(bool isTls)
    {
        string suffix = ServiceSuffix.Length > 0 ? $"-{ServiceSuffix}" : "";
        return $"_etcd-server{(isTls ? "-ssl" : "")}{suffix}._tcp.{_domain}";
    }
}
