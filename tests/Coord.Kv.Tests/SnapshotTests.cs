using Coord.Raft;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests;

/// <summary>A snapshot is the state of one moment, whatever goes on meanwhile; anything else is refused.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public void The_empty_store_survives()
    {
        TestStore restored = new();
        restored.Restore(new TestStore().Snapshot());
        Assert.Equal(2, restored.Put("a", ""));
    }

    [Property(MaxTest = 60)]
    public void A_restored_store_writes_the_same_snapshot_and_goes_on_alike(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        TestStore original = new();
        Write(random, original, 200);
        byte[] snapshot = original.Snapshot();

        TestStore restored = new();
        restored.Restore(snapshot);
        Assert.Equal(snapshot, restored.Snapshot());

        int next = random.Next();
        Write(new Random(next), original, 100);
        Write(new Random(next), restored, 100);
        Assert.Equal(original.Snapshot(), restored.Snapshot());
        Assert.Equal(original.Status, restored.Status);
    }

    /// <summary>Each write to the destination lets commands in between, compactions included.</summary>
    [Property(MaxTest = 40)]
    public void A_capture_is_not_changed_by_what_is_written_meanwhile(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        TestStore store = new();
        Write(random, store, 1500, keys: 600);
        byte[] expected = store.Snapshot();

        using IStateCapture capture = store.Machine.Capture();
        Write(random, store, 50, keys: 600);
        using InterruptingStream stream = new(() => Write(random, store, 20, keys: 600));
        capture.WriteTo(stream, CancellationToken.None);
        Assert.Equal(expected, stream.ToArray());
    }

    /// <summary>Who holds a capture must not decide about space, or members would decide differently.</summary>
    [Property(MaxTest = 40)]
    public void Captures_do_not_change_what_the_quota_counts(DoNotSize<int> seed)
    {
        TestStore with = new();
        TestStore without = new();
        Write(new Random(seed.Item), with, 300);
        using IStateCapture capture = with.Machine.Capture();
        Write(new Random(seed.Item + 1), with, 300);

        Write(new Random(seed.Item), without, 300);
        Write(new Random(seed.Item + 1), without, 300);
        Assert.Equal(without.Status, with.Status);
        Assert.Equal(without.Snapshot(), with.Snapshot());
    }

    [Fact]
    public void Memory_is_freed_once_the_capture_is_gone()
    {
        TestStore store = new();
        using (store.Machine.Capture())
        {
            for (int i = 0; i < 1000; i++)
                store.Put($"k{i}", "");
            store.Delete(KeyRange.All);
            store.Compact(1002);
            store.Put("x", "");
            Assert.Equal(1001, store.Machine.IndexedKeys);
        }

        for (int i = 0; i < 10; i++)
            store.Put("x", "");
        store.Compact(1012);
        for (int i = 0; i < 10; i++)
            store.Put("x", "");
        Assert.Equal(1, store.Machine.IndexedKeys);
    }

    [Fact]
    public void Writing_can_be_cancelled()
    {
        using CancellationTokenSource cancellation = new();
        cancellation.Cancel();
        using IStateCapture capture = new TestStore().Machine.Capture();
        Assert.ThrowsAny<OperationCanceledException>(() => capture.WriteTo(new MemoryStream(), cancellation.Token));
    }

    [Fact]
    public void Every_flipped_bit_is_refused_and_nothing_is_changed()
    {
        byte[] snapshot = Sample();
        TestStore target = new();
        target.Put("kept", "1");
        for (int bit = 0; bit < snapshot.Length * 8; bit++)
        {
            byte[] damaged = [.. snapshot];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InvalidDataException>(() => target.Restore(damaged));
        }

        Assert.Equal("kept", target.Get(KeyRange.All).KeyValues.Single().KeyString);
    }

    [Fact]
    public void Every_truncation_and_any_excess_is_refused()
    {
        byte[] snapshot = Sample();
        for (int length = 0; length < snapshot.Length; length++)
            Assert.Throws<InvalidDataException>(() => new TestStore().Restore(snapshot[..length]));
        Assert.Throws<InvalidDataException>(() => new TestStore().Restore([.. snapshot, 0]));
    }

    [Property(MaxTest = 500)]
    public void Rubbish_is_refused(byte[] rubbish) =>
        Assert.Throws<InvalidDataException>(() => new TestStore().Restore(rubbish));

    [Fact]
    public void A_newer_version_is_refused_by_name()
    {
        byte[] snapshot = Sample();
        snapshot[8] = 3;
        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => new TestStore().Restore(snapshot));
        Assert.Contains("version is 3", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Large_values_survive()
    {
        TestStore store = new();
        store.Put("a", new string('x', 1_000_000));
        store.Put("b", new string('y', 700_000));
        TestStore restored = new();
        restored.Restore(store.Snapshot());
        Assert.Equal(store.Get(KeyRange.All).KeyValues, restored.Get(KeyRange.All).KeyValues);
    }

    [Fact]
    public void A_stream_may_hand_its_bytes_out_one_by_one()
    {
        byte[] snapshot = Sample();
        TestStore store = new();
        store.Machine.Restore(new TricklingStream(snapshot), EntryId.Zero);
        Assert.Equal(snapshot, store.Snapshot());
    }

    private static byte[] Sample()
    {
        TestStore store = new();
        store.Put("old", "1");
        store.Put("a", "1");
        store.Put("b", "2");
        store.Delete(KeyRange.Single("a"));
        store.Compact(4);
        store.Put("a", "3");
        return store.Snapshot();
    }

    private static void Write(Random random, TestStore store, int commands, int keys = 30)
    {
        for (int i = 0; i < commands; i++)
        {
            string key = $"k{random.Next(keys):000}";
            int what = random.Next(100);
            KeyValueStatus status = store.Machine.Status;
            if (what < 70)
                store.Put(key, new string('v', random.Next(20)));
            else if (what < 90)
                store.Delete(KeyRange.Single(key));
            else if (what < 95)
                store.Delete(KeyRange.Between(key, $"k{random.Next(keys):000}"));
            else if (status.Revision > status.CompactedRevision)
                store.Compact(random.NextInt64(status.CompactedRevision.Value + 1, status.Revision.Value + 1));
        }
    }

    private sealed class InterruptingStream(Action interruption) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            interruption();
            base.Write(buffer);
        }
    }

    private sealed class TricklingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(1, buffer.Length)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(1, count));
    }
}
