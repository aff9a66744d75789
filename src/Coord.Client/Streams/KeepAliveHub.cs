using System.Threading.Channels;
using Coord.Client.Connections;
using Coord.Kv;
using Coord.Raft;
using Grpc.Core;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client.Streams;

/// <summary>All keep-alives of a client on one stream. Thread-safe.</summary>
/// <remarks>A keep-alive can be repeated without harm: those that a broken stream left open go on the next.</remarks>
internal sealed class KeepAliveHub : IStreamOwner<Wire.LeaseKeepAliveRequest, Wire.LeaseKeepAliveResponse>,
    IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Queue<Waiter>> _waiting = [];
    private readonly TimeProvider _clock;
    private readonly TimeSpan _timeout;
    private readonly Action<Wire.ResponseHeader?> _observe;
    private readonly ResumingStream<Wire.LeaseKeepAliveRequest, Wire.LeaseKeepAliveResponse> _stream;
    private ChannelWriter<Wire.LeaseKeepAliveRequest>? _outgoing;
    private string _lastFailure = "the server was silent";
    private bool _isDisposed;

    public KeepAliveHub(
        EndpointPool pool, CoordClientOptions options, TimeProvider clock, Action<Wire.ResponseHeader?> observe)
    {
        _clock = clock;
        _timeout = options.RequestTimeout;
        _observe = observe;
        _stream = new(pool, clock, this);
    }

    public bool IsNeeded
    {
        get
        {
            lock (_lock)
                return _waiting.Values.Any(queue => queue.Any(waiter => !waiter.IsGone));
        }
    }

    public async ValueTask<TimeSpan> KeepAliveAsync(LeaseId lease, CancellationToken cancellationToken)
    {
        Waiter waiter = new();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(CoordClient));
            if (!_waiting.TryGetValue(lease.Value, out Queue<Waiter>? queue))
                _waiting[lease.Value] = queue = [];
            queue.Enqueue(waiter);
            _outgoing?.TryWrite(new() { ID = lease.Value });
        }

        _stream.Wake();
        try
        {
            long seconds = await waiter.Answer.Task.WaitAsync(_timeout, _clock, cancellationToken)
                .ConfigureAwait(false);
            return seconds > 0 ? TimeSpan.FromSeconds(seconds) : throw new LeaseNotFoundException(lease);
        }
        catch (TimeoutException exception)
        {
            throw new OutcomeUnknownException(
                $"No answer to a keep-alive within {_timeout.TotalSeconds:0.###} s: {_lastFailure}.", exception);
        }
        finally
        {
            lock (_lock)
            {
                waiter.IsGone = true;
                if (_outgoing is null)
                    Prune_NeedsLock(lease.Value);
            }
        }
    }

    public AsyncDuplexStreamingCall<Wire.LeaseKeepAliveRequest, Wire.LeaseKeepAliveResponse> Open(
        Endpoint endpoint, CallOptions options) => endpoint.Leases.LeaseKeepAlive(options);

    public void OnConnected(ChannelWriter<Wire.LeaseKeepAliveRequest> outgoing)
    {
        lock (_lock)
        {
            _outgoing = outgoing;
            foreach (long lease in _waiting.Keys.ToList())
            {
                // One request for each waiter, as one answer is taken for each.
                for (int i = Prune_NeedsLock(lease); i > 0; i--)
                    outgoing.TryWrite(new() { ID = lease });
            }
        }
    }

    public void OnReceived(Wire.LeaseKeepAliveResponse response)
    {
        _observe(response.Header);
        lock (_lock)
        {
            // Answers come in the order of requests, so this one belongs to the oldest, even if it has gone.
            if (_waiting.TryGetValue(response.ID, out Queue<Waiter>? queue) && queue.TryDequeue(out Waiter? waiter))
            {
                waiter.Answer.TrySetResult(response.TTL);
                if (queue.Count == 0)
                    _waiting.Remove(response.ID);
            }
        }
    }

    public void OnBroken(RpcException? reason)
    {
        lock (_lock)
        {
            _outgoing = null;
            if (reason is not null)
                _lastFailure = Calls.Failure.Of(reason).Text;
            if (reason?.StatusCode is not (StatusCode.Unimplemented or StatusCode.PermissionDenied
                or StatusCode.Unauthenticated))
                return;

            EndAll_NeedsLock(
                new CoordServerException(reason.StatusCode, reason.Status.Detail, Outcome.DidNotHappen, reason));
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            EndAll_NeedsLock(new ObjectDisposedException(nameof(CoordClient)));
        }

        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Forgets those who wait no more; only while nothing is on its way for them.</summary>
    private int Prune_NeedsLock(long lease)
    {
        if (!_waiting.TryGetValue(lease, out Queue<Waiter>? queue))
            return 0;

        Queue<Waiter> still = new(queue.Where(waiter => !waiter.IsGone));
        if (still.Count == 0)
            _waiting.Remove(lease);
        else
            _waiting[lease] = still;
        return still.Count;
    }

    private void EndAll_NeedsLock(Exception reason)
    {
        foreach (Waiter waiter in _waiting.Values.SelectMany(queue => queue))
            waiter.Answer.TrySetException(reason);
        _waiting.Clear();
    }

    private sealed class Waiter
    {
        public TaskCompletionSource<long> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsGone { get; set; }
    }
}
