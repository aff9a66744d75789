using Coord.Kv.Tests.Shrinking;

namespace Coord.Kv.Tests;

/// <summary>One run of a stream with many watches, as a script says, against the dumb twin.</summary>
internal sealed class StreamRun
{
    private readonly Script _script;
    private readonly TestStore _store;
    private readonly ModelStore _model;
    private readonly WatchStream _stream;
    private readonly List<WatchEvent> _events = [];
    private readonly Dictionary<long, Seen> _watches = [];
    private Choices _random;
    private long _lastId;

    public StreamRun(Script script, ModelError error = ModelError.None)
    {
        _script = script;
        _model = new(error);
        _random = new(script.Steps is [var first, ..] ? first : []);
        _store = new(new()
        {
            RetainedRevisions = 0,
            MaxWatchBufferEvents = _random.Next(1, 6),
            MaxWatchBufferBytes = _random.Next(200, 3000),
        });
        _stream = _store.Store.OpenWatchStream();
    }

    public void Run()
    {
        foreach (int[] step in _script.Steps)
        {
            _random = new(step);
            long before = _model.Revision;
            Change();
            _events.AddRange(
                _model.Events(KeyRange.All, before + 1).Select(e => e with { Previous = null }));
            if (_watches.Count < 12 && _random.Next(8) == 7)
                Add();
            if (_random.Next(30) == 29)
                Remove();
            if (_random.Next(15) == 14)
                _stream.RequestProgress();
            if (_random.Next(60) == 59)
                _store.Restore(_store.Snapshot()); // As if this member had been sent a snapshot.
            if (_random.Next(50) == 49 && _model.Compacted < _model.Revision)
                Compact();
            for (int reads = _random.Next(4); reads > 0; reads--)
                Read();
        }

        while (Read())
        {
        }

        foreach (Seen seen in _watches.Values)
            AssertComplete(seen, _model.Revision);
        _stream.Dispose();
        Assert.Equal(0, _store.Machine.Status.Watches);
    }

    private void Change()
    {
        string key = $"k{_random.Next(30)}";
        switch (_random.Next(8))
        {
            case < 5:
                _store.Put(key, "v");
                _model.Put(key, "v");
                break;
            case 5:
                KeyRange prefix = KeyRange.Prefix(key[..2]);
                _store.Delete(prefix);
                _model.Delete(prefix);
                break;
            default:
                string[] keys = [.. Enumerable.Range(0, _random.Next(1, 5)).Select(i => $"k{i}{_random.Next(5)}")];
                _store.Commit(Transaction.Of(
                    [.. keys.Select(k => Operation.Put(TestStore.Bytes(k), TestStore.Bytes("w")))]));
                _model.Put(keys, "w");
                break;
        }
    }

    private void Add()
    {
        KeyRange range = _random.Next(4) switch
        {
            0 => KeyRange.All,
            1 => KeyRange.Prefix($"k{_random.Next(3)}"),
            2 => KeyRange.Between($"k{_random.Next(10)}", $"k{_random.Next(10, 30)}"),
            _ => KeyRange.Single($"k{_random.Next(30)}"),
        };
        if (range.IsEmpty)
            return;

        long from = _random.Next(2) == 0 ? 0 : _random.NextInt64(1, _model.Revision + 4);
        WatchOptions options = new()
        {
            StartRevision = new(from),
            SkipPuts = _random.Next(6) == 0,
            SkipDeletes = _random.Next(6) == 0,
        };
        long id = _stream.Add(range, options, ++_lastId, out Revision current);
        Assert.Equal(_model.Revision, current.Value);
        _watches.Add(id, new(range, options, from == 0 ? current.Value + 1 : from));
    }

    private void Remove()
    {
        if (_watches.Count == 0)
            return;
        long id = _watches.Keys.ElementAt(_random.Next(_watches.Count));
        Assert.True(_stream.Remove(id));
        _watches.Remove(id);
    }

    private void Compact()
    {
        _model.Compacted = _random.NextInt64(_model.Compacted + 1, _model.Revision + 1);
        _store.Compact(_model.Compacted);
    }

    private bool Read()
    {
        WatchNotice[] notices = new WatchNotice[_random.Next(1, 5)];
        int count = _stream.Step(notices, out Task? wait);
        Assert.True(wait is null || count == 0);
        foreach (WatchNotice notice in notices.AsSpan(0, count))
            Take(notice);

        return wait is null;
    }

    private void Take(WatchNotice notice)
    {
        if (notice is { WatchId: -1 })
        {
            Assert.InRange(notice.Revision.Value, 1, _model.Revision);
            foreach (Seen seen in _watches.Values)
                AssertComplete(seen, notice.Revision.Value);
        }
        else if (notice is { Kind: WatchNoticeKind.Compacted })
        {
            Seen ended = _watches[notice.WatchId];
            Assert.True(_model.Compacted > (ended.Events.Count == 0 ? ended.From : ended.Events[^1].Revision.Value));
            Assert.True(_watches.Remove(notice.WatchId));
        }
        else
        {
            // A watch that was removed has nothing; a revision is never torn; the notice says how far it goes.
            Seen seen = _watches[notice.WatchId];
            Assert.True(seen.Events.Count == 0 || notice.Events[0].Revision > seen.Events[^1].Revision);
            Assert.Equal(notice.Events[^1].Revision, notice.Revision);
            seen.Events.AddRange(notice.Events);
        }
    }

    private void AssertComplete(Seen seen, long upTo)
    {
        IEnumerable<WatchEvent> expected = _events
            .Where(e => e.Revision.Value >= seen.From && e.Revision.Value <= upTo)
            .Where(e => seen.Range.Contains(e.KeyValue.Key.Span))
            .Where(e => !(e.Kind is WatchEventKind.Put ? seen.Options.SkipPuts : seen.Options.SkipDeletes));
        Assert.Equal(expected, seen.Events.Where(e => e.Revision.Value <= upTo));
    }

    private sealed record Seen(KeyRange Range, WatchOptions Options, long From)
    {
        public List<WatchEvent> Events { get; } = [];
    }
}
