using Coord.Client.Calls;
using Coord.Client.Connections;
using Coord.Client.Mapping;
using Coord.Client.Streams;
using Coord.Kv;
using Coord.Raft;
using Google.Protobuf;
using Grpc.Core;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client;

/// <summary>The store of a cluster elsewhere, over gRPC: of Coord, or of etcd from 3.4 on. Thread-safe.</summary>
/// <remarks>
/// <para>
/// One client serves a whole process. It stays with one endpoint while that answers, and goes on to the next when it
/// does not. Reads are repeated until <see cref="CoordClientOptions.RequestTimeout"/>. So are writes at Coord: they
/// carry a session, by which the cluster does each once, however often it comes. At etcd a write is repeated only if it
/// surely did not happen, else it ends with <see cref="OutcomeUnknownException"/>.
/// </para>
/// <para>
/// All watches share one stream. When it breaks, or its member loses the leader, they go on at another member from the
/// last revision seen. The "now" of a watch without a start is fixed by the server: every call of this client that
/// begins after <see cref="WatchAsync"/> has returned waits for it, and so comes after it.
/// </para>
/// </remarks>
public sealed partial class CoordClient : IKeyValueStore, IAsyncDisposable
{
    private static readonly GetOptions DefaultGet = new();

    private readonly CoordClientOptions _options;
    private readonly EndpointPool _pool;
    private readonly CallRunner _calls;
    private readonly Refusals _refusals;
    private readonly WatchHub _watches;
    private readonly KeepAliveHub _keepAlives;
    private long _lastSeen;

    /// <summary>Creates the client. It connects when it is used.</summary>
    /// <param name="options">The options; not to be changed afterwards.</param>
    /// <param name="timeProvider">The clock; the system's if null.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    /// <exception cref="IOException">A file of certificates cannot be read.</exception>
    public CoordClient(CoordClientOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(' ', problems), nameof(options));

        TimeProvider clock = timeProvider ?? TimeProvider.System;
        _options = options;
        _pool = new(options, clock);
        _calls = new(_pool, options, clock);
        _refusals = new(_calls, _pool, options, clock);
        _watches = new(_pool, options, clock, Observe);
        _keepAlives = new(_pool, options, clock, Observe);
        _calls.Before = () => _watches.Pinned;
        _calls.Hurry = _watches.PinToLastSeen;
        Cluster = new(this);
        Maintenance = new(this);
    }

    /// <summary>Creates a client of some endpoints.</summary>
    /// <param name="endpoints">The members' addresses, such as <c>http://10.0.0.1:2379</c>.</param>
    public CoordClient(params IEnumerable<string> endpoints)
        : this(With(endpoints), TimeProvider.System)
    {
    }

    /// <summary>Gets what operators do to the membership.</summary>
    public ClusterClient Cluster { get; }

    /// <summary>Gets what operators do to members.</summary>
    public MaintenanceClient Maintenance { get; }

    /// <summary>Gets the endpoints, as the options name them.</summary>
    public IReadOnlyList<string> Endpoints => [.. _pool.Names];

    /// <inheritdoc/>
    public async ValueTask<GetResult> GetAsync(
        KeyRange range, GetOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DefaultGet;
        Requests.ThrowIfNoKey(range);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Limit, nameof(options));
        Wire.RangeRequest request = ToWire.Range(range, options);
        Wire.RangeResponse response = await ReadAsync(
            request,
            (endpoint, call) => endpoint.KeyValues.RangeAsync(request, call),
            !options.Serializable,
            request.Revision,
            cancellationToken).ConfigureAwait(false);
        Observe(response.Header);
        return FromWire.Get(response);
    }

    /// <inheritdoc/>
    public async ValueTask<PutResult> PutAsync(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        PutOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Requests.ThrowIfEmptyKey(key);
        Wire.PutRequest request = ToWire.Put(key, value, options);
        Wire.PutResponse response = await WriteAsync(
            request,
            (endpoint, call) => endpoint.KeyValues.PutAsync(request, call),
            options?.Lease is { IsNone: false } lease ? [lease] : [],
            0,
            cancellationToken).ConfigureAwait(false);
        Observe(response.Header);
        return FromWire.Put(response);
    }

    /// <inheritdoc/>
    public async ValueTask<DeleteResult> DeleteAsync(
        KeyRange range, DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        Requests.ThrowIfNoKey(range);
        Wire.DeleteRangeRequest request = ToWire.Delete(range, options);
        Wire.DeleteRangeResponse response = await WriteAsync(
            request,
            (endpoint, call) => endpoint.KeyValues.DeleteRangeAsync(request, call),
            [],
            0,
            cancellationToken).ConfigureAwait(false);
        Observe(response.Header);
        return FromWire.Delete(response);
    }

    /// <inheritdoc/>
    public async ValueTask<TransactionResult> CommitAsync(
        Transaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        Requests.ThrowIfWrong(transaction);
        Wire.TxnRequest request = ToWire.Transaction(transaction);
        Wire.TxnResponse response = await WriteAsync(
            request,
            (endpoint, call) => endpoint.KeyValues.TxnAsync(request, call),
            [.. Requests.Leases(transaction).Distinct()],
            0,
            cancellationToken).ConfigureAwait(false);
        Observe(response.Header);
        return FromWire.Transaction(response, FromWire.Revision(response.Header));
    }

    /// <inheritdoc/>
    public async ValueTask<Revision> CompactAsync(
        Revision revision, CompactOptions? options = null, CancellationToken cancellationToken = default)
    {
        Wire.CompactionRequest request =
            new() { Revision = revision.Value, Physical = options?.WaitForRemoval ?? false };
        Wire.CompactionResponse response = await WriteAsync(
            request,
            (endpoint, call) => endpoint.KeyValues.CompactAsync(request, call),
            [],
            revision.Value,
            cancellationToken).ConfigureAwait(false);
        Observe(response.Header);
        return FromWire.Revision(response.Header);
    }

    /// <summary>Ends all watches and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _watches.DisposeAsync().ConfigureAwait(false);
        await _keepAlives.DisposeAsync().ConfigureAwait(false);
        _calls.Dispose();
        _pool.Dispose();
    }

    /// <summary>Finds the endpoint of a name; the one in use for null.</summary>
    internal Endpoint EndpointOf(string? name) => name is null ? _pool.Current : _pool.Find(name);

    internal async ValueTask<T> ReadAsync<T>(
        IMessage request,
        Func<Endpoint, CallOptions, AsyncUnaryCall<T>> call,
        bool needsLeader,
        long revision,
        CancellationToken cancellationToken)
    {
        try
        {
            return await _calls.ReadAsync(call, needsLeader, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException refusal)
        {
            throw await _refusals
                .ToExceptionAsync(refusal, [], revision, request.CalculateSize(), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    internal async ValueTask<T> WriteAsync<T>(
        IMessage request,
        Func<Endpoint, CallOptions, AsyncUnaryCall<T>> call,
        IReadOnlyList<LeaseId> leases,
        long revision,
        CancellationToken cancellationToken)
    {
        int bytes = request.CalculateSize();
        if (bytes > _options.MaxSendBytes)
            throw new RequestTooLargeException("The request", bytes, _options.MaxSendBytes);

        try
        {
            return await _calls.WriteAsync(call, IsOfTheStore(request), cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException refusal)
        {
            throw await _refusals.ToExceptionAsync(refusal, leases, revision, bytes, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    internal async ValueTask<T> AtAsync<T>(
        string? endpoint,
        Func<Endpoint, CallOptions, AsyncUnaryCall<T>> call,
        bool writes,
        long revision,
        CancellationToken cancellationToken)
    {
        try
        {
            return await _calls.AtAsync(EndpointOf(endpoint), call, writes, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException refusal)
        {
            throw await _refusals.ToExceptionAsync(refusal, [], revision, 0, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Notes how far the store is, as far as this client knows.</summary>
    internal void Observe(Wire.ResponseHeader? header)
    {
        if (header is null)
            return;

        long seen = Volatile.Read(ref _lastSeen);
        while (header.Revision > seen)
        {
            long before = Interlocked.CompareExchange(ref _lastSeen, header.Revision, seen);
            if (before == seen)
                break;
            seen = before;
        }

        _options.HeaderReceived?.Invoke(new(
            new(header.ClusterId), new(header.MemberId), new(header.Revision), new((long)header.RaftTerm)));
    }

    /// <summary>Tells whether a write is a command of the store's log, where sessions are.</summary>
    private static bool IsOfTheStore(IMessage request) => request is Wire.PutRequest or Wire.DeleteRangeRequest
        or Wire.TxnRequest or Wire.CompactionRequest or Wire.LeaseGrantRequest or Wire.LeaseRevokeRequest;

    private static CoordClientOptions With(IEnumerable<string> endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        CoordClientOptions options = new();
        foreach (string endpoint in endpoints)
            options.Endpoints.Add(endpoint);
        return options;
    }
}
