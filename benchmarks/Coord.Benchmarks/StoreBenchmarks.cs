using System.Buffers.Binary;
using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Benchmarks;

/// <summary>The store by itself at a million keys of 8 bytes with values of 256, without log and network.</summary>
/// <remarks>Keys come in ascending order, or spread; reads are spread always.</remarks>
[Config(typeof(StoreConfig))]
public class StoreBenchmarks
{
    private const int Keys = 1_000_000;
    private const int Ranges = 10_000;

    private readonly StoreCommands _commands = new(retainedRevisions: 100_000);
    private KeyValueStateMachine _machine = null!;
    private KeyValueStateMachine? _other;
    private byte[] _snapshot = [];

    /// <summary>Gets or sets whether the keys are put in ascending order.</summary>
    [Params(true, false)]
    public bool Ascending { get; set; }

    /// <summary>Fills the store, and says what a key takes.</summary>
    [GlobalSetup]
    public void Fill()
    {
        _machine = Filled();
        long managed = GC.GetTotalMemory(forceFullCollection: true);
        long resident = Environment.WorkingSet;
        MemoryStream snapshot = new();
        using (IStateCapture capture = _machine.Capture())
            capture.WriteTo(snapshot, CancellationToken.None);
        _snapshot = snapshot.ToArray();

        Console.WriteLine(
            $"// {_machine.AllocatedBytes / (double)Keys:f1} B a key outside the heap, {managed:n0} B on it,"
            + $" resident {resident:n0} B, snapshot {_snapshot.Length:n0} B");
    }

    /// <summary>Puts a million keys into an empty store.</summary>
    [Benchmark(OperationsPerInvoke = Keys)]
    public void PutNew() => _other = Filled();

    /// <summary>Overwrites keys all over a million.</summary>
    [Benchmark(OperationsPerInvoke = Keys)]
    public void Overwrite()
    {
        for (int i = 0; i < Keys; i++)
            _commands.Put(_machine, KeyOf(Any(i)));
    }

    /// <summary>Reads keys all over a million.</summary>
    [Benchmark(OperationsPerInvoke = Keys)]
    public long Get()
    {
        long found = 0;
        GetOptions options = new();
        for (int i = 0; i < Keys; i++)
            found += _machine.Read(new KeyRange(_commands.Key(KeyOf(Any(i)))), options).Count;
        return found == Keys ? found : throw new InvalidOperationException("Keys are missing.");
    }

    /// <summary>Reads about 100 neighbours among a million.</summary>
    [Benchmark(OperationsPerInvoke = Ranges)]
    public long Range100()
    {
        long found = 0;
        GetOptions options = new();
        byte[] end = new byte[8];
        ulong span = Ascending ? 100 : ulong.MaxValue / Keys * 100; // Spread keys are as far apart, on average.
        for (int i = 0; i < Ranges; i++)
        {
            ulong start = (ulong)KeyOf(Any(i));
            BinaryPrimitives.WriteUInt64BigEndian(end, start > ulong.MaxValue - span ? ulong.MaxValue : start + span);
            found += _machine.Read(new KeyRange(_commands.Key((long)start), end), options).KeyValues.Count;
        }

        return found is > Ranges * 95 and <= Ranges * 105
            ? found
            : throw new InvalidOperationException("Keys are missing.");
    }

    /// <summary>Writes a snapshot of a million keys to nowhere.</summary>
    [Benchmark]
    public void WriteSnapshot()
    {
        using IStateCapture capture = _machine.Capture();
        capture.WriteTo(Stream.Null, CancellationToken.None);
    }

    /// <summary>Overwrites keys while a snapshot is written, and says how long the slowest put took.</summary>
    [Benchmark]
    public void OverwriteBesideSnapshot()
    {
        using IStateCapture capture = _machine.Capture();
        Task snapshot = Task.Run(() => capture.WriteTo(Stream.Null, CancellationToken.None));
        long slowest = 0;
        long puts = 0;
        while (!snapshot.IsCompleted)
        {
            long start = Stopwatch.GetTimestamp();
            _commands.Put(_machine, KeyOf(Any(puts++)));
            slowest = Math.Max(slowest, Stopwatch.GetTimestamp() - start);
        }

        snapshot.GetAwaiter().GetResult();
        Console.WriteLine($"// {puts:n0} puts, the slowest took {slowest * 1e3 / Stopwatch.Frequency:f2} ms");
    }

    /// <summary>Reads a snapshot of a million keys from memory, into a second store.</summary>
    [Benchmark]
    public void RestoreSnapshot()
    {
        _other ??= new KeyValueStateMachine();
        _other.Restore(new MemoryStream(_snapshot), EntryId.Zero);
    }

    private static int Any(long number) => (int)((ulong)StoreCommands.Spread(number + 7) % Keys);

    private long KeyOf(long number) => Ascending ? number : StoreCommands.Spread(number);

    private KeyValueStateMachine Filled()
    {
        KeyValueStateMachine machine = new();
        for (int i = 0; i < Keys; i++)
            _commands.Put(machine, KeyOf(i));
        return machine;
    }
}
