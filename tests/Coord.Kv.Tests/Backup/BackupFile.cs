using Coord.Kv.Backup;

namespace Coord.Kv.Tests.Backup;

/// <summary>A backup on disk that is gone after the test.</summary>
internal sealed class BackupFile : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coord-backup-").FullName;

    public BackupFile(byte[] content) => File.WriteAllBytes(Path, content);

    public string Path => System.IO.Path.Combine(_directory, "backup.db");

    public static byte[] BytesOf(TestStore store)
    {
        using MemoryStream stream = new();
        store.Store.BackupAsync(stream).GetAwaiter().GetResult();
        return stream.ToArray();
    }

    public static BackupFile Of(TestStore store) => new(BytesOf(store));

    /// <summary>Restores it into a store, as a member of a new cluster would begin.</summary>
    public TestStore Restore(KeyValueRestoreOptions? options = null, int memoryBytes = 1 << 20)
    {
        using BackupReader reader = BackupReader.Open(Path, requireDigest: true, CancellationToken.None);
        using MemoryStream state = new();
        using (BackupRestorer restorer = new(
            reader, options ?? new(), state, System.IO.Path.GetTempPath(), CancellationToken.None, memoryBytes))
        {
            restorer.Write();
        }

        TestStore restored = new();
        restored.Restore(state.ToArray());
        return restored;
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
