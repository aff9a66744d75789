using Coord.Kv;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using FilterType = Coord.Protocol.Etcd.WatchCreateRequest.Types.FilterType;

namespace Coord.AspNetCore.Handlers;

/// <summary>One stream with all its watches: one loop receives what the client wants, one sends what happens.</summary>
/// <remarks>
/// 1. Whoever writes holds <c>_writing</c>, so that responses are whole and in order; a watch is added while it is held
///    and until its <c>created</c> is written, so that no event of it comes before.
/// 2. The store's stream gets numbers that are never used twice; the client's ids are looked up under the same lock. So
///    what was on its way when the client cancelled a watch belongs to no watch any more, even if the id is used again.
/// 3. A client that does not read stops the sender, and with it nothing else: the store lets its watches fall back.
/// </remarks>
internal sealed class WatchSession(EtcdMember member, IWatchConnection connection, WatchBounds bounds) : IDisposable
{
    private const long InvalidId = -1;

    private static readonly ByteString FirstKey = ByteString.CopyFrom(0);

    private readonly WatchStream _stream = member.Store.OpenWatchStream();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Dictionary<long, OpenWatch> _watches = [];
    private readonly Dictionary<long, long> _numbers = [];
    private long _lastNumber;
    private long _nextId;
    private int _size;

    public void Dispose()
    {
        bounds.Remove(_size);
        _stream.Dispose();
        _writing.Dispose();
    }

    /// <summary>Does what the client asks for, until it asks no more.</summary>
    public async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        while (await connection.ReadAsync(cancellationToken).ConfigureAwait(false) is { } request)
        {
            await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                WatchResponse? response = request.RequestUnionCase switch
                {
                    WatchRequest.RequestUnionOneofCase.CreateRequest => Create(request.CreateRequest),
                    WatchRequest.RequestUnionOneofCase.CancelRequest => Cancel(request.CancelRequest.WatchId),
                    WatchRequest.RequestUnionOneofCase.ProgressRequest => RequestProgress(),
                    _ => null,
                };
                if (response is not null)
                    await connection.WriteAsync(response, more: false, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _writing.Release();
            }
        }
    }

    /// <summary>Sends what happens, until the store or the client ends it.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        ValueTask<WatchNotice?> next = _stream.ReadAsync(cancellationToken);
        while (await next.ConfigureAwait(false) is { } notice)
        {
            // If the next one is there already, the two leave together.
            next = _stream.ReadAsync(cancellationToken);
            await SendAsync(notice, next.IsCompleted, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask SendAsync(WatchNotice notice, bool more, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (notice.WatchId == InvalidId)
            {
                WatchResponse progress = new() { Header = member.Header(notice.Revision), WatchId = InvalidId };
                await connection.WriteAsync(progress, more, cancellationToken).ConfigureAwait(false);
                return;
            }

            if (!_watches.TryGetValue(notice.WatchId, out OpenWatch watch))
                return;

            if (notice.Kind is WatchNoticeKind.Compacted)
                Forget(notice.WatchId, watch.Id);
            WatchResponse response = Describe(notice, watch);
            if (!watch.Fragments)
            {
                await connection.WriteAsync(response, more, cancellationToken).ConfigureAwait(false);
                return;
            }

            foreach (WatchResponse fragment in WatchFragments.Split(response, member.Options.MaxRequestBytes))
            {
                await connection.WriteAsync(fragment, more || fragment.Fragment, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    private WatchResponse Create(WatchCreateRequest request)
    {
        KeyRange range = Wire.Range(request.Key.IsEmpty ? FirstKey : request.Key, request.RangeEnd);
        if (request.StartRevision < 0)
            return Refused(EtcdError.Compacted.Text);
        if (range.IsEmpty)
            return Refused("mvcc: watcher range is empty");
        if (request.WatchId != 0 && _numbers.ContainsKey(request.WatchId))
            return Refused("mvcc: duplicate watch ID provided on the WatchStream");

        int size = WatchBounds.SizeOf(range);
        if (!bounds.TryAdd(size, _size))
            return Refused(EtcdError.TooManyRequests.Text);
        _size += size;

        WatchOptions options = new()
        {
            StartRevision = new Revision(request.StartRevision),
            ReturnPrevious = request.PrevKv,
            SkipPuts = request.Filters.Contains(FilterType.Noput),
            SkipDeletes = request.Filters.Contains(FilterType.Nodelete),
            ReportProgress = request.ProgressNotify,
        };
        long number = ++_lastNumber;
        _stream.Add(range, options, number, out Revision current);
        long id = request.WatchId != 0 ? request.WatchId : FreeId();
        _watches.Add(number, new OpenWatch(id, request.Fragment, size));
        _numbers.Add(id, number);
        return new WatchResponse { Header = member.Header(current), WatchId = id, Created = true };
    }

    private WatchResponse Refused(string reason) => new()
    {
        Header = member.Header(),
        WatchId = InvalidId,
        Created = true,
        Canceled = true,
        CancelReason = reason,
    };

    private WatchResponse? Cancel(long id)
    {
        // One that is not there is passed over in silence.
        if (!_numbers.TryGetValue(id, out long number))
            return null;

        Forget(number, id);
        _stream.Remove(number);
        return new WatchResponse { Header = member.Header(), WatchId = id, Canceled = true };
    }

    private WatchResponse? RequestProgress()
    {
        // The answer comes through the stream, so that it never overtakes an event.
        _stream.RequestProgress();
        return null;
    }

    private WatchResponse Describe(WatchNotice notice, OpenWatch watch)
    {
        WatchResponse response = new() { WatchId = watch.Id };
        if (notice.Kind is WatchNoticeKind.Compacted)
        {
            // No revision and no reason: clients make the reason from the compacted revision.
            response.Header = member.Header(Revision.Zero);
            response.Canceled = true;
            response.CompactRevision = notice.Revision.Value;
            return response;
        }

        response.Header = member.Header(notice.Revision);
        response.Events.Capacity = notice.Events.Count;
        foreach (WatchEvent change in notice.Events)
            response.Events.Add(Wire.Event(change));
        return response;
    }

    private long FreeId()
    {
        while (_numbers.ContainsKey(_nextId))
            _nextId++;
        return _nextId++;
    }

    private void Forget(long number, long id)
    {
        _watches.Remove(number, out OpenWatch watch);
        _size -= watch.Size;
        bounds.Remove(watch.Size);
        _numbers.Remove(id);
    }

    /// <summary>A watch as the client knows it.</summary>
    private readonly record struct OpenWatch(long Id, bool Fragments, int Size);
}
