using System.Text;
using Coord.Kv.Mvcc.Native;
using Coord.Raft;

namespace Coord.Kv.Tests;

/// <summary>A store on a log in memory, with short words for what tests do all the time.</summary>
internal sealed class TestStore
{
    /// <summary>Memory cut so small that every operation splits, merges and frees something.</summary>
    public static readonly StoreLayout TinyLayout = new(PageBytes: 512, Fanout: 4, SegmentChanges: 4);

    public TestStore(
        KeyValueOptions? options = null, StoreLayout? layout = null, TimeProvider? clock = null)
    {
        Options = options ?? new() { RetainedRevisions = 0 };
        Machine = new(Options, layout ?? StoreLayout.Default, clock);
        Log = new(Machine);
        Store = new(Log, Machine);
    }

    public KeyValueOptions Options { get; }

    public KeyValueStateMachine Machine { get; }

    public InMemoryLog Log { get; }

    public EmbeddedKeyValueStore Store { get; }

    /// <summary>Gets what the store holds, without what members may differ in.</summary>
    public KeyValueStatus Status => Machine.Status with { AllocatedBytes = 0 };

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>The log in memory never waits, so neither does this.</summary>
    public static T Now<T>(ValueTask<T> task)
    {
        Assert.True(task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }

    public long Put(string key, string value) => Now(Store.PutAsync(key, value)).Revision.Value;

    public long PutWith(string key, string value, PutOptions options) =>
        Now(Store.PutAsync(Bytes(key), Bytes(value), options)).Revision.Value;

    public KeyValueHash Hash(long revision = 0) =>
        Machine.Hash(revision, CancellationToken.None);

    public void DisarmAll() => Now(Store.DisarmAlarmAsync(default));

    public TransactionResult Commit(Transaction transaction) => Now(Store.CommitAsync(transaction));

    public LeaseGrant Grant(double seconds, long id = 0) =>
        Now(Store.GrantLeaseAsync(TimeSpan.FromSeconds(seconds), new(id)));

    /// <summary>Returns the first of all keys.</summary>
    public KeyValue First() => Get(KeyRange.All).First!;

    /// <summary>Puts a key under another quota than that of the options, as another member might.</summary>
    public void Put(string key, string value, long quota) =>
        Now(new EmbeddedKeyValueStore(Log, Machine, new() { QuotaBytes = quota }).PutAsync(key, value));

    public DeleteResult Delete(KeyRange range) => Now(Store.DeleteAsync(range, new() { ReturnPrevious = true }));

    public GetResult Get(KeyRange range, long revision = 0, long limit = 0) =>
        Now(Store.GetAsync(range, new() { Revision = new(revision), Limit = limit }));

    public void Compact(long revision) => Now(Store.CompactAsync(new(revision)));

    public byte[] Snapshot()
    {
        using IStateCapture capture = Machine.Capture();
        MemoryStream stream = new();
        capture.WriteTo(stream, CancellationToken.None);
        return stream.ToArray();
    }

    public void Restore(byte[] snapshot) => Machine.Restore(new MemoryStream(snapshot), EntryId.Zero);

    /// <summary>Reads the history from a revision on, until a watch would have to wait.</summary>
    public List<WatchEvent> History(KeyRange range, long from, WatchOptions? options = null)
    {
        using WatchProbe probe = new(Machine, range, from, options);
        return probe.ReadAll();
    }
}
