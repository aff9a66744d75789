using System.Diagnostics;
using System.Text.Json;

namespace Coord.Kv.Tests.Backup;

/// <summary>etcd's own tool accepts every page of a backup, and prints the same facts of it.</summary>
public sealed class EtcdctlStatusTests
{
    [EtcdctlFact]
    public Task An_empty_store() => AgreesAsync(new TestStore());

    [EtcdctlFact]
    public Task A_store_with_history()
    {
        TestStore store = new();
        StoreWriter.Write(new Random(5), store, 500);
        return AgreesAsync(store);
    }

    /// <summary>Three levels of pages, values larger than a page, and the largest key that a store takes.</summary>
    [EtcdctlFact]
    public Task A_large_store()
    {
        TestStore store = new();
        for (int i = 0; i < 25_000; i++)
            store.Put($"key-{i % 9_000}", new string('v', i % 300));
        store.Put(new string('k', 65_536), new string('v', 1_000_000));
        store.Put("odd", new string('x', 4_096 - 16 - 16 - 17));
        store.Delete(KeyRange.Between("key-1", "key-2"));
        return AgreesAsync(store);
    }

    private static async Task AgreesAsync(TestStore store)
    {
        using BackupFile file = BackupFile.Of(store);
        using KeyValueBackup backup = KeyValueBackup.Open(file.Path);

        ProcessStartInfo start = new("etcdctl", ["snapshot", "status", file.Path, "-w", "json"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ETCDCTL_API"] = "3";
        using Process etcdctl = Process.Start(start)!;
        Task<string> errors = etcdctl.StandardError.ReadToEndAsync();
        string output = await etcdctl.StandardOutput.ReadToEndAsync();
        await etcdctl.WaitForExitAsync();
        Assert.True(etcdctl.ExitCode == 0, $"{output}{await errors}");

        using JsonDocument status = JsonDocument.Parse(output);
        Assert.Equal(backup.Hash, status.RootElement.GetProperty("hash").GetUInt32());
        Assert.Equal(backup.Revision.Value, status.RootElement.GetProperty("revision").GetInt64());
        Assert.Equal(backup.TotalKeys, status.RootElement.GetProperty("totalKey").GetInt64());
        Assert.Equal(backup.TotalBytes, status.RootElement.GetProperty("totalSize").GetInt64());
    }
}
