using System.Collections.Immutable;

namespace Coord.Client.Connections;

/// <summary>The members' endpoints, and the one in use. Thread-safe.</summary>
/// <remarks>All calls stay with one endpoint until a call says that it failed; then all go on to the next.</remarks>
internal sealed class EndpointPool : IDisposable
{
    private readonly ImmutableArray<Endpoint> _endpoints;
    private int _current;

    public EndpointPool(CoordClientOptions options, TimeProvider clock)
    {
        bool preferTls = options.TrustedCertificateFile is not null || options.CertificateFile is not null;
        _endpoints = [.. options.Endpoints.Select(Open)];

        Endpoint Open(string name) => Endpoint.TryParse(name, preferTls, out Uri? address)
            ? new(name, address, options, clock)
            : throw new ArgumentException($"'{name}' is no http or https address.", nameof(options));
    }

    public int Count => _endpoints.Length;

    public IEnumerable<string> Names => _endpoints.Select(endpoint => endpoint.Name);

    public Endpoint Current => _endpoints[Volatile.Read(ref _current)];

    public Endpoint Find(string name) =>
        _endpoints.FirstOrDefault(endpoint => endpoint.Name == name)
        ?? throw new ArgumentException(
            $"'{name}' is none of the client's endpoints: {string.Join(", ", Names)}.", nameof(name));

    /// <summary>Goes on to the next endpoint, unless another call has done so already.</summary>
    public void Failed(Endpoint endpoint)
    {
        endpoint.Support = SessionSupport.Unknown;
        int index = _endpoints.IndexOf(endpoint);
        Interlocked.CompareExchange(ref _current, (index + 1) % _endpoints.Length, index);
    }

    public void Dispose()
    {
        foreach (Endpoint endpoint in _endpoints)
            endpoint.Dispose();
    }
}
