using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Coord.Kv.Commands;
using Coord.Raft;

namespace Coord.Kv.Tests.Native;

/// <summary>What the store takes from the system and from the garbage-collected heap.</summary>
public sealed class StoreMemoryTests
{
    private const int ValueBytes = 256;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Applying_a_put_allocates_nothing(bool newKeys)
    {
        KeyValueStateMachine machine = new();
        byte[] command = Put(0);
        for (int i = 0; i < 2000; i++)
            Apply(machine, command, i);

        // A round in which the runtime compiles or a list grows does not count.
        long least = long.MaxValue;
        int next = 2000;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 2000; i++)
                Apply(machine, command, newKeys ? next++ : i);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    /// <summary>The floor: 8 + 256 bytes a key, and all of it in 400 MiB for a million.</summary>
    [Theory]
    [InlineData(20_000)]
    [InlineData(100_000)]
    public void A_key_takes_about_as_much_memory_however_many_there_are(int keys)
    {
        KeyValueStateMachine machine = new();
        byte[] command = Put(0, new WritePolicy(0, 100));
        for (int i = 0; i < keys; i++)
            Apply(machine, command, Spread(i));
        Assert.InRange((double)machine.AllocatedBytes / keys, 8 + ValueBytes, 395);
    }

    [Fact]
    public void What_was_deleted_and_compacted_goes_back_to_the_system()
    {
        TestStore store = new();
        byte[] command = Put(0);
        for (int i = 0; i < 50_000; i++)
            Apply(store.Machine, command, i);
        Assert.InRange(store.Machine.AllocatedBytes, 15_000_000, 25_000_000);
        TestStore.Now(store.Store.DeleteAsync(KeyRange.All));
        store.Compact(50_002);
        for (int i = 0; i < 1000; i++)
            store.Put("x", "");
        store.Compact(51_002);
        for (int i = 0; i < 400; i++)
            store.Put("x", "");
        Assert.Equal(1, store.Machine.IndexedKeys);
        Assert.InRange(store.Machine.AllocatedBytes, 0, 10_000_000);
    }

    [Fact]
    public void Overwriting_takes_no_more_memory_than_is_retained()
    {
        KeyValueStateMachine machine = new();
        byte[] command = Put(0, new WritePolicy(0, 100));
        for (int i = 0; i < 100_000; i++)
            Apply(machine, command, i % 1000);
        Assert.InRange(machine.AllocatedBytes, 0, 1_000_000);
    }

    [Fact]
    public void A_read_and_a_capture_outlive_the_store_that_a_snapshot_replaced()
    {
        TestStore store = new(layout: TestStore.TinyLayout);
        for (int i = 0; i < 1000; i++)
            store.Put($"k{i:000}", $"{i}");
        byte[] expected = store.Snapshot();
        using IStateCapture capture = store.Machine.Capture();
        store.Restore(new TestStore().Snapshot());
        Assert.Empty(store.Get(KeyRange.All).KeyValues);
        MemoryStream stream = new();
        capture.WriteTo(stream, CancellationToken.None);
        Assert.Equal(expected, stream.ToArray());
        capture.Dispose();
        capture.Dispose();
        Assert.Equal(2, store.Put("a", "b"));
    }

    private static byte[] Put(long key, WritePolicy policy = default)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, key);
        ArrayBufferWriter<byte> command = new();
        CommandCodec.Write(command, Command.Put(bytes, new byte[ValueBytes], PutFlags.None, policy));
        return command.WrittenSpan.ToArray();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Apply(KeyValueStateMachine machine, byte[] command, long key)
    {
        // The key is the first field with bytes: array, version, kind, three numbers of one byte, bin 8, length, key.
        BinaryPrimitives.WriteInt64BigEndian(command.AsSpan(8), key);
        machine.Apply(new(EntryId.Zero, command));
        machine.OnBatchApplied(default);
    }

    /// <summary>Spreads numbers over all keys; no two become the same.</summary>
    private static long Spread(long number)
    {
        ulong x = (ulong)number;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return (long)(x ^ (x >> 31));
    }
}
