using System.Threading.Channels;
using Coord.Client.Connections;
using Coord.Client.Mapping;
using Coord.Kv;
using Coord.Raft;
using Grpc.Core;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client.Streams;

/// <summary>All watches of a client on one stream. Thread-safe.</summary>
/// <remarks>
/// Each time that a watch goes on the stream it has a new id, so that what is still on its way for an earlier one is
/// told apart. The stream asks for a leader: a member that was cut off ends it, and does not just fall silent.
/// </remarks>
internal sealed class WatchHub : IStreamOwner<Wire.WatchRequest, Wire.WatchResponse>, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<Subscription> _all = [];
    private readonly Dictionary<long, Subscription> _onWire = [];
    private readonly Queue<long> _creating = [];
    private readonly HashSet<Subscription> _unpinned = [];
    private readonly CoordClientOptions _options;
    private readonly Action<Wire.ResponseHeader?> _observe;
    private readonly ResumingStream<Wire.WatchRequest, Wire.WatchResponse> _stream;
    private TaskCompletionSource? _allPinned;
    private ChannelWriter<Wire.WatchRequest>? _outgoing;
    private long _lastId;
    private bool _isDisposed;

    public WatchHub(
        EndpointPool pool, CoordClientOptions options, TimeProvider clock, Action<Wire.ResponseHeader?> observe)
    {
        _options = options;
        _observe = observe;
        _stream = new(pool, clock, this);
    }

    public bool IsNeeded
    {
        get
        {
            lock (_lock)
                return _all.Any(subscription => !subscription.IsParked);
        }
    }

    /// <summary>A task that ends when each watch from "now" on knows which revision that is; null if all do.</summary>
    /// <remarks>A call that is sent after it cannot make a change that an earlier watch does not see.</remarks>
    public Task? Pinned
    {
        get
        {
            lock (_lock)
            {
                return _unpinned.Count == 0 ? null
                    : (_allPinned ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>
    /// Lets watches whose "now" the server does not fix begin after the last revision that the client has seen: they
    /// may see changes made shortly before the call, but miss none.
    /// </summary>
    public void PinToLastSeen()
    {
        lock (_lock)
        {
            foreach (Subscription subscription in _unpinned.Where(subscription => subscription.Floor > 0).ToList())
            {
                Cancel_NeedsLock(subscription);
                subscription.Start = subscription.Next = subscription.Floor + 1;
                Create_NeedsLock(subscription);
                Pinned_NeedsLock(subscription);
            }
        }
    }

    public void Add(Subscription subscription)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(CoordClient));
            _all.Add(subscription);
            if (subscription.Next == 0)
                _unpinned.Add(subscription);
            Create_NeedsLock(subscription);
        }

        _stream.Wake();
    }

    public void Remove(Subscription subscription)
    {
        lock (_lock)
            Remove_NeedsLock(subscription);
    }

    /// <summary>Waits for the next batch.</summary>
    public async ValueTask<WatchBatch> ReadAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task wait;
            bool resumed = false;
            lock (_lock)
            {
                if (subscription.TryTake(out WatchBatch? batch))
                    return batch!;
                if (subscription.Ended is { } reason)
                    throw reason;

                if (subscription.IsParked)
                {
                    subscription.IsParked = false;
                    Create_NeedsLock(subscription);
                    resumed = true;
                }

                wait = subscription.WaitAsync();
            }

            if (resumed)
                _stream.Wake();
            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public AsyncDuplexStreamingCall<Wire.WatchRequest, Wire.WatchResponse> Open(
        Endpoint endpoint, CallOptions options) => endpoint.Watches.Watch(options);

    public void OnConnected(ChannelWriter<Wire.WatchRequest> outgoing)
    {
        lock (_lock)
        {
            _outgoing = outgoing;
            foreach (Subscription subscription in _all)
            {
                if (!subscription.IsParked)
                    Create_NeedsLock(subscription);
            }
        }
    }

    public void OnReceived(Wire.WatchResponse response)
    {
        // Not the header of what comes from history: it may be far ahead of the events.
        _observe(response.Header);
        lock (_lock)
        {
            if (response.Created)
                Created_NeedsLock(response);
            else if (_onWire.TryGetValue(response.WatchId, out Subscription? subscription))
                Received_NeedsLock(subscription, response);
        }
    }

    public void OnBroken(RpcException? reason)
    {
        lock (_lock)
        {
            _outgoing = null;
            _onWire.Clear();
            _creating.Clear();
            Exception? final = reason?.StatusCode is StatusCode.Unimplemented or StatusCode.PermissionDenied
                or StatusCode.Unauthenticated or StatusCode.InvalidArgument
                ? new CoordServerException(reason.StatusCode, reason.Status.Detail, Outcome.DidNotHappen, reason)
                : null;
            bool noLeader = reason is not null && Calls.Failure.Of(reason).IsNoLeader;
            foreach (Subscription subscription in _all.ToList())
            {
                subscription.WireId = 0;
                subscription.Tear();
                if (final is not null)
                    End_NeedsLock(subscription, final);
                else if (noLeader && subscription.Options.RequireLeader)
                    End_NeedsLock(subscription, new NotLeaderException(default));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (Subscription subscription in _all.ToList())
                End_NeedsLock(subscription, new ObjectDisposedException(nameof(CoordClient)));
        }

        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    private void Create_NeedsLock(Subscription subscription)
    {
        if (_outgoing is null)
            return;

        long id = ++_lastId;
        subscription.WireId = id;
        _onWire[id] = subscription;
        _creating.Enqueue(id);
        _outgoing.TryWrite(ToWire.Watch(subscription.Range, subscription.Options, id, subscription.Next));
    }

    private void Created_NeedsLock(Wire.WatchResponse response)
    {
        // Creations are answered in order; a refused one with the id -1.
        if (!_creating.TryDequeue(out long id) || !_onWire.TryGetValue(id, out Subscription? subscription))
            return;

        if (response.Canceled)
        {
            Received_NeedsLock(subscription, response);
            return;
        }

        if (subscription.Next == 0)
            subscription.Start = subscription.Next = Math.Max(response.Header.Revision, subscription.Floor) + 1;
        Pinned_NeedsLock(subscription);
    }

    private void Received_NeedsLock(Subscription subscription, Wire.WatchResponse response)
    {
        if (response.CompactRevision > 0)
        {
            End_NeedsLock(subscription, new CompactedException(new(response.CompactRevision)));
        }
        else if (response.Canceled)
        {
            string text = response.CancelReason.Length > 0 ? response.CancelReason : "The server ended the watch.";
            End_NeedsLock(
                subscription, new CoordServerException(StatusCode.Cancelled, text, Outcome.DidNotHappen));
        }
        else if (response.Events.Count == 0)
        {
            subscription.AddProgress(response.Header.Revision);
        }
        else if (!subscription.TryAdd(
            response.Events.Select(FromWire.Event), response.Fragment, _options.MaxRevisionBytes))
        {
            string text = $"The changes of one revision are larger than {_options.MaxRevisionBytes} bytes.";
            End_NeedsLock(
                subscription, new CoordServerException(StatusCode.ResourceExhausted, text, Outcome.DidNotHappen));
        }
        else if (!subscription.HasRoom(_options))
        {
            Cancel_NeedsLock(subscription);
            subscription.IsParked = true;
            subscription.Tear();
        }
    }

    private void End_NeedsLock(Subscription subscription, Exception reason)
    {
        subscription.End(reason);
        Remove_NeedsLock(subscription);
    }

    private void Remove_NeedsLock(Subscription subscription)
    {
        Cancel_NeedsLock(subscription);
        _all.Remove(subscription);
        Pinned_NeedsLock(subscription);
    }

    private void Cancel_NeedsLock(Subscription subscription)
    {
        if (subscription.WireId == 0)
            return;

        // The id stays in the queue of creations, if its answer is still to come.
        _onWire.Remove(subscription.WireId);
        _outgoing?.TryWrite(new() { CancelRequest = new() { WatchId = subscription.WireId } });
        subscription.WireId = 0;
    }

    private void Pinned_NeedsLock(Subscription subscription)
    {
        if (_unpinned.Remove(subscription) && _unpinned.Count == 0)
        {
            _allPinned?.TrySetResult();
            _allPinned = null;
        }
    }
}
