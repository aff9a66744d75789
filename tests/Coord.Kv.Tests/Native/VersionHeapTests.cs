using Coord.Kv.Mvcc;
using Coord.Kv.Mvcc.Native;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests.Native;

/// <summary>Versions and the change log are a list of all changes from which the oldest are taken away.</summary>
public sealed class VersionHeapTests
{
    [Property(MaxTest = 60)]
    public void Versions_are_found_at_any_stamp_until_they_are_reclaimed(DoNotSize<int> seed) =>
        new Case(seed.Item).Run(3000);

    /// <summary>Enough versions of one key for skips of three levels would take long; two are 4,096 and more.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Long_chains_are_searched_by_skips(int seed) => new Case(seed, keys: 1).Run(20_000);

    [Fact]
    public void Every_64th_version_has_a_skip_and_every_4096th_two() => Assert.Equal(
        [0, 0, 0, 1, 1, 2, 2, 3],
        new uint[] { 0, 1, 63, 64, 128, 4096, 8192, 64 * 4096 }.Select(VersionChain.SkipsAt));

    [Fact]
    public void The_fields_survive_in_every_shape()
    {
        using NativeArena arena = new();
        KeyIndex index = new(arena);
        ChangeLog changes = new(arena);
        VersionHeap heap = new(arena, changes);
        (long Create, long Version, long Lease, string Value)[] expected =
            [(5, 1, 0, "new"), (5, 2, long.MinValue, ""), (5, 3, 7, "x"), (0, 0, 0, ""), (9, 1, long.MaxValue, "y")];
        KeyHistory history = index.GetOrAdd("k"u8);
        for (int i = 0; i < expected.Length; i++)
        {
            (long create, long version, long lease, string value) = expected[i];
            changes.Add(heap.Add(history, new(5 + i, i), TestStore.Bytes(value), create, version, lease));
            KeyVersion read = history.Newest!.Value;
            Assert.Equal(expected[i], (read.CreateRevision, read.Version, read.Lease, KeyText.Of(read.Value)));
            Assert.Equal((new Stamp(5 + i, i), version == 0), (read.Stamp, read.IsTombstone));
            Assert.Equal((128 + 1 + value.Length, "k"), (read.Cost, KeyText.Of(read.History.Key)));
        }
    }

    private sealed class Case
    {
        private readonly Random _random;
        private readonly int _keys;
        private readonly int _reclaimPercent;
        private readonly NativeArena _arena;
        private readonly KeyIndex _index;
        private readonly ChangeLog _changes;
        private readonly VersionHeap _heap;
        private readonly List<(string Key, Stamp Stamp, string? Value)> _all = [];
        private int _reclaimed;

        public Case(int seed, int keys = 0)
        {
            _random = new(seed);
            _keys = keys > 0 ? keys : _random.Next(1, 30);
            _reclaimPercent = _random.Next(0, 120);
            _arena = new(4096);
            _index = new(_arena, fanout: 4);
            _changes = new(_arena, segmentChanges: 4 << _random.Next(6));
            _heap = new(_arena, _changes);
        }

        public void Run(int steps)
        {
            long empty = _arena.UsedBytes;
            for (int i = 0; i < steps; i++)
            {
                Change(i + 2);
                while (_changes.First < _changes.End && _random.Next(100) < _reclaimPercent * 3 / 4)
                    Reclaim();
                if (_random.Next(10) == 0)
                    AssertAlike();
            }

            // With a last deletion of everything, nothing is left.
            for (int key = 0; key < _keys; key++)
            {
                if (_index.Find(TestStore.Bytes($"k{key}")) is { Live: not null } history)
                    _changes.Add(_heap.Add(history, new(steps + 10, key), [], 0, 0, 0));
            }

            while (_changes.First < _changes.End)
                Reclaim();
            Assert.Equal(0, _index.Count);
            Assert.InRange(_arena.UsedBytes - empty, 0, 8 * 4 * 32); // The last segment.
            _arena.Dispose();
        }

        private void Change(long revision)
        {
            string key = $"k{_random.Next(_keys)}";
            Stamp stamp = new(revision / 2, (int)(revision % 2));
            KeyHistory history = _index.GetOrAdd(TestStore.Bytes(key));
            KeyVersion? live = history.Live;
            string? value = live is not null && _random.Next(4) == 0 ? null : new('v', _random.Next(40));
            KeyVersion change = value is null
                ? _heap.Add(history, stamp, [], 0, 0, 0)
                : _heap.Add(
                    history,
                    stamp,
                    TestStore.Bytes(value),
                    live?.CreateRevision ?? stamp.Revision,
                    (live?.Version ?? 0) + 1,
                    lease: _random.Next(2));
            _changes.Add(change);
            _all.Add((key, stamp, value));
        }

        private void Reclaim()
        {
            KeyVersion change = _changes.RemoveFirst();
            KeyHistory history = change.History;
            if (_heap.Reclaim(change))
                _index.Remove(history);
            _reclaimed++;
        }

        private void AssertAlike()
        {
            Assert.Equal(_reclaimed, _changes.First);
            if (_reclaimed == _all.Count)
                return;

            int at = _random.Next(_reclaimed, _all.Count);
            Assert.Equal(_all[at].Stamp, _changes[at].Stamp);
            Assert.Equal(_all[at].Value ?? "", KeyText.Of(_changes[at].Value));
            Stamp stamp = _all[at].Stamp;
            int first = _all.FindIndex(_reclaimed, x => x.Stamp.Revision >= stamp.Revision);
            Assert.Equal(first, _changes.Find(stamp.Revision));
            for (int i = 0; i < _keys; i++)
            {
                string key = $"k{i}";
                (_, Stamp expected, string? value) = _all.FindLast(x => x.Key == key && x.Stamp < stamp);
                KeyVersion? found = _index.Find(TestStore.Bytes(key))?.Before(stamp);
                if (value is null)
                    Assert.True(found is null or { IsTombstone: true });
                else
                    Assert.Equal((expected, value), (found!.Value.Stamp, KeyText.Of(found.Value.Value)));
            }
        }
    }
}
