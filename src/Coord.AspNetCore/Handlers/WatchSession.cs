using Coord.AspNetCore.Hot;
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

    /// <summary>How many notices are taken from the store at a time: it is asked rarely, and never for long.</summary>
    private const int NoticesAtATime = 64;

    private static readonly ByteString FirstKey = ByteString.CopyFrom(0);

    private readonly WatchStream _stream = member.Store.OpenWatchStream();
    private readonly WatchNotice[] _notices = new WatchNotice[NoticesAtATime];
    private readonly EncodedEvents _encoded = new();
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
        _encoded.Clear();
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
                {
                    await connection.WriteAsync(response, cancellationToken).ConfigureAwait(false);
                    await connection.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
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
        bool isWritten = false;
        while (true)
        {
            ValueTask<int> next = _stream.ReadManyAsync(_notices, cancellationToken);
            if (isWritten && !next.IsCompleted)
            {
                // What came together leaves together, as soon as there is no more of it.
                await FlushAsync(cancellationToken).ConfigureAwait(false);
                isWritten = false;
            }

            int count = await next.ConfigureAwait(false);
            if (count == 0)
                return;

            await WriteAsync(count, cancellationToken).ConfigureAwait(false);
            isWritten = true;
        }
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _encoded.Clear();
            await connection.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async ValueTask WriteAsync(int count, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            AnswerHeader header = member.HotHeader(Revision.Zero);
            for (int i = 0; i < count; i++)
                await WriteAsync(_notices[i], header, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _notices.AsSpan(0, count).Clear();
            _writing.Release();
        }
    }

    private ValueTask WriteAsync(WatchNotice notice, AnswerHeader header, CancellationToken cancellationToken)
    {
        if (notice.WatchId == InvalidId)
        {
            WatchResponse progress = new() { Header = member.Header(notice.Revision), WatchId = InvalidId };
            return connection.WriteAsync(progress, cancellationToken);
        }

        if (!_watches.TryGetValue(notice.WatchId, out OpenWatch watch))
            return ValueTask.CompletedTask;

        if (notice.Kind is WatchNoticeKind.Compacted)
        {
            Forget(notice.WatchId, watch.Id);
            return connection.WriteAsync(Compacted(notice, watch), cancellationToken);
        }

        header = header with { Revision = notice.Revision.Value };
        ReadOnlyMemory<byte> events = _encoded.Of(notice.Events);
        return watch.Fragments && events.Length >= member.Options.MaxRequestBytes - AnswerHeader.MaxBytes
            ? WriteFragmentsAsync(Wire.Response(header, watch.Id, events.Span), cancellationToken)
            : connection.WriteEventsAsync(header, watch.Id, events, cancellationToken);
    }

    private async ValueTask WriteFragmentsAsync(WatchResponse response, CancellationToken cancellationToken)
    {
        foreach (WatchResponse fragment in WatchFragments.Split(response, member.Options.MaxRequestBytes))
            await connection.WriteAsync(fragment, cancellationToken).ConfigureAwait(false);
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

    /// <summary>No revision and no reason: clients make the reason from the compacted revision.</summary>
    private WatchResponse Compacted(WatchNotice notice, OpenWatch watch) => new()
    {
        Header = member.Header(Revision.Zero),
        WatchId = watch.Id,
        Canceled = true,
        CompactRevision = notice.Revision.Value,
    };

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
