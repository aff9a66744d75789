using System.Text;
using Coord.Kv;
using StoreCall = Coord.Simulation.Checking.Call<
    Coord.Simulation.Checking.StoreInput, Coord.Kv.TransactionResult>;

namespace Coord.Checking.Tests;

/// <summary>A store that does everything right, one call after the other, for tests to tell lies about.</summary>
internal sealed class StoreStory
{
    public ChangeLog Log { get; } = new();

    public long Now { get; set; }

    /// <summary>Gets the calls; a test replaces answers here.</summary>
    public List<StoreCall> Calls { get; } = [];

    /// <summary>Does a call that begins after all others have ended, and ends at once.</summary>
    public StoreCall Do(StoreInput input, int client = 0) => Do(input, Now + 1, Now + 2, client);

    /// <summary>Does a call now; a test says between which moments its client saw it.</summary>
    public StoreCall Do(StoreInput input, long begin, long end, int client = 0)
    {
        Now = Math.Max(Now, end);
        StoreCall call = new(client, begin, end, input, Apply(input, begin), CallOutcome.Ok);
        Calls.Add(call);
        return call;
    }

    /// <summary>Does a call whose answer is lost, or only loses it.</summary>
    public StoreCall Lose(StoreInput input, bool happens)
    {
        Now++;
        if (happens)
            Apply(input, Now);
        StoreCall call = new(0, Now, StoreCall.Never, input, null, CallOutcome.Unknown);
        Calls.Add(call);
        return call;
    }

    public StoreCall Put(string key, string value, long lease = 0) =>
        Do(StoreInput.Put(key, value, new() { Lease = new(lease) }));

    public StoreCall Get(string key) => Do(StoreInput.Get(KeyRange.Single(key)));

    public StoreCall GetAll() => Do(StoreInput.Get(KeyRange.All));

    public StoreCall Delete(string key) => Do(StoreInput.Delete(KeyRange.Single(key)));

    public StoreCall PutIf(string key, string expected, string value) => Do(new(Transaction
        .If(Comparison.OfValue(KeyRange.Single(key), ComparisonOperator.Equal, Bytes(expected)))
        .Then(Operation.Put(Bytes(key), Bytes(value)))
        .Else(Operation.Get(KeyRange.Single(key)))));

    /// <summary>Puts several keys in one revision.</summary>
    public StoreCall PutAll(params string[] keys) =>
        Do(new(Transaction.Of([.. keys.Select(key => Operation.Put(Bytes(key), Bytes("x")))])));

    /// <summary>Ends a lease, and with it its keys.</summary>
    public Revision End(long lease)
    {
        List<WatchEvent> events =
        [
            .. LeaseEnds.KeysOf(Log, new(lease), Log.Last).Select(key => new WatchEvent(
                WatchEventKind.Delete, new(Bytes(key), default, default, Log.Last.Next, 0), null)),
        ];
        if (events.Count == 0)
            return default;
        Log.Add(events, Now);
        return Log.Last;
    }

    /// <summary>Tells a client something else than the truth.</summary>
    public void Lie(StoreCall call, Func<StoreCall, StoreCall> lie) => Calls[Calls.IndexOf(call)] = lie(call);

    /// <summary>Tells a client another revision than the true one.</summary>
    public void LieAboutRevision(StoreCall call, long revision) =>
        Lie(call, truth => truth with { Output = truth.Output! with { Revision = new(revision) } });

    /// <summary>Tells a client that a read found something else.</summary>
    public void LieAboutKeys(StoreCall call, params KeyValue[] keys) =>
        Lie(call, truth => truth with
        {
            Output = truth.Output! with
            {
                Results = [new(Get: truth.Output.Results[0].Get! with { KeyValues = keys, Count = keys.Length })],
            },
        });

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static KeyValue Version(string key, string value, long create, long mod, long version, long lease = 0) =>
        new(Bytes(key), Bytes(value), new(create), new(mod), version, new(lease));

    private TransactionResult Apply(StoreInput input, long now)
    {
        Replayed replayed = TransactionReplay.Run(Log, Log.Last, input.Transaction);
        if (replayed.Events.Count > 0)
            Log.Add(replayed.Events, now);
        return replayed.Result!;
    }
}
