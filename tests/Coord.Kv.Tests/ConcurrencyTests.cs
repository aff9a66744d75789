using System.Collections.Concurrent;
using Coord.Raft;

namespace Coord.Kv.Tests;

/// <summary>
/// Readers, watches and captures on other threads see whole transactions, whatever the apply thread does.
/// </summary>
public sealed class ConcurrencyTests
{
    private const int Pairs = 400;
    private const int Writes = 3000;

    [Fact]
    public async Task Long_reads_and_captures_see_one_revision_while_writes_and_compactions_go_on()
    {
        TestStore store = new(new() { RetainedRevisions = 50 }, TestStore.TinyLayout);
        for (int i = 0; i < Pairs; i++)
            store.Put($"k{i:000}", "0");
        using CancellationTokenSource done = new();
        ConcurrentQueue<Exception> failures = new();

        Task[] readers =
        [
            RunUntilAsync(failures, () => ReadTwice(store), done.Token),
            RunUntilAsync(failures, () => ReadTwice(store), done.Token),
            RunUntilAsync(failures, () => CaptureAndRestore(store), done.Token),
        ];
        for (int i = 0; i < Writes; i++)
        {
            if (i % 10 == 9)
                store.Delete(KeyRange.Single($"k{i % Pairs:000}"));
            else
                store.Put($"k{i * 7 % Pairs:000}", $"{i}");
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Empty(failures);
    }

    [Fact]
    public async Task A_watch_on_another_thread_sees_every_write_once_and_in_order()
    {
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferEvents = 4 });
        IAsyncEnumerable<WatchBatch> watch = store.Store.WatchAsync(KeyRange.All);
        Task<List<long>> seen = Task.Run(async () =>
        {
            List<long> revisions = [];
            await foreach (WatchBatch batch in watch)
            {
                revisions.AddRange(batch.Events.Select(change => change.Revision.Value));
                if (revisions.Count >= Writes)
                    break;
            }

            return revisions;
        });
        for (int i = 0; i < Writes; i++)
            store.Put($"k{i % 3}", "");
        Assert.Equal(Enumerable.Range(2, Writes).Select(i => (long)i), await seen);
    }

    private static Task RunUntilAsync(ConcurrentQueue<Exception> failures, Action action, CancellationToken done) =>
        Task.Run(() =>
        {
            try
            {
                do
                    action();
                while (!done.IsCancellationRequested);
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
            }
        }, CancellationToken.None);

    private static void ReadTwice(TestStore store)
    {
        GetResult first = store.Machine.Read(KeyRange.All, new());
        Assert.Equal(first.KeyValues.Count, first.Count);
        Assert.All(first.KeyValues, key => Assert.True(key.ModRevision <= first.Revision));
        Assert.Equal(first.KeyValues.Count, first.KeyValues.DistinctBy(key => key.KeyString).Count());
        try
        {
            GetResult again = store.Machine.Read(KeyRange.All, new() { Revision = first.Revision });
            Assert.Equal(first.KeyValues, again.KeyValues);
        }
        catch (CompactedException)
        {
            // The writer was fifty revisions faster; the first read has been checked in itself.
        }
    }

    private static void CaptureAndRestore(TestStore store)
    {
        TestStore restored = new();
        using IStateCapture capture = store.Machine.Capture();
        MemoryStream stream = new();
        capture.WriteTo(stream, CancellationToken.None);
        restored.Restore(stream.ToArray());
        Assert.InRange(restored.Get(KeyRange.All).Count, Pairs / 2, Pairs);
    }
}
