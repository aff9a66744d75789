using System.Diagnostics.CodeAnalysis;
using Grpc.Net.Client;
using SessionWire = Coord.Protocol.Sessions;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client.Connections;

/// <summary>One member's address, with a channel to it. Thread-safe.</summary>
internal sealed class Endpoint : IDisposable
{
    private readonly GrpcChannel _channel;
    private volatile SessionSupport _support;

    public Endpoint(string name, Uri address, CoordClientOptions options, TimeProvider clock)
    {
        Name = name;
        _channel = GrpcChannel.ForAddress(address, new()
        {
            HttpHandler = Handlers.Create(options, clock),
            DisposeHttpClient = true,
            MaxSendMessageSize = options.MaxSendBytes,
            MaxReceiveMessageSize = options.MaxReceiveBytes,
            // Retries are ours: only we know what surely did not happen.
            MaxRetryAttempts = null,
            ThrowOperationCanceledOnCancellation = true,
        });
        KeyValues = new(_channel);
        Watches = new(_channel);
        Leases = new(_channel);
        Cluster = new(_channel);
        Maintenance = new(_channel);
        Sessions = new(_channel);
    }

    /// <summary>Gets the address as the options name it.</summary>
    public string Name { get; }

    public Wire.KV.KVClient KeyValues { get; }

    public Wire.Watch.WatchClient Watches { get; }

    public Wire.Lease.LeaseClient Leases { get; }

    public Wire.Cluster.ClusterClient Cluster { get; }

    public Wire.Maintenance.MaintenanceClient Maintenance { get; }

    public SessionWire.Session.SessionClient Sessions { get; }

    /// <summary>Gets or sets what is known about the server and sessions.</summary>
    public SessionSupport Support
    {
        get => _support;
        set => _support = value;
    }

    public static bool TryParse(string text, bool preferTls, [NotNullWhen(true)] out Uri? address)
    {
        string full = text.Contains("://", StringComparison.Ordinal) ? text
            : preferTls ? $"https://{text}" : $"http://{text}";
        return Uri.TryCreate(full, UriKind.Absolute, out address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);
    }

    public void Dispose() => _channel.Dispose();
}
