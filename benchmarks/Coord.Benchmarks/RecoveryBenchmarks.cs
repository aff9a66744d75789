using BenchmarkDotNet.Attributes;
using Coord.Raft;
using Coord.Raft.Storage;

namespace Coord.Benchmarks;

/// <summary>How long a member takes to read its log back: a million entries of 256 bytes.</summary>
[Config(typeof(NodeConfig))]
public class RecoveryBenchmarks
{
    private const int Entries = 1_000_000;
    private const int BatchEntries = 1000;

    private readonly PhysicalFileSystem _files = PhysicalFileSystem.Instance;
    private readonly EntryBlockPool _blocks = new(maxIdleBlocks: 2048);
    private string _directory = "";

    /// <summary>Writes the log.</summary>
    [GlobalSetup]
    public void Write()
    {
        _directory = Directory.CreateTempSubdirectory("coord-bench-").FullName;
        using EntryArena arena = new(_blocks);
        using Wal wal = Wal.Open(_files, _directory, new WalOptions { CreateNew = true }, arena, out _);
        byte[] payload = new byte[256];
        Entry[] batch = new Entry[BatchEntries];
        for (int i = 0; i < Entries; i += BatchEntries)
        {
            for (int j = 0; j < BatchEntries; j++)
                batch[j] = new Entry(new EntryId(new Term(1), new LogIndex(i + j + 1)), EntryKind.Command, payload);

            wal.Append(null, batch, null);
            wal.Flush();
            if (wal.NeedsNextSegment)
                wal.PrepareNextSegment();
        }

        wal.Sync();
    }

    /// <summary>Removes the log.</summary>
    [GlobalCleanup]
    public void Remove() => Directory.Delete(_directory, recursive: true);

    /// <summary>Opens the log, checks every record, and has every entry in memory.</summary>
    [Benchmark]
    public int Recover()
    {
        using EntryArena arena = new(_blocks);
        using Wal wal = Wal.Open(_files, _directory, new WalOptions(), arena, out WalRecovery recovery);
        foreach (ref readonly Entry entry in recovery.Entries.Span)
            entry.Block?.Release();

        return recovery.Entries.Length == Entries
            ? Entries
            : throw new InvalidOperationException("Entries are missing.");
    }
}
