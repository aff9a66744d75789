using Coord.Kv;
using Coord.Raft;
using Coord.SampleHost.Configuration;
using static Coord.SampleHost.Demo.DemoCluster;

namespace Coord.SampleHost.Demo;

/// <summary>Shows in a few seconds what a cluster is for: it loses its leader, goes on, and forgets nothing.</summary>
internal sealed class DemoCommand : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Narrator _narrator = new();
    private readonly List<(string What, string Result)> _results = [];
    private readonly CancellationTokenSource _giveUp = new(Patience);
    private readonly DemoCluster _cluster = new();
    private int _watched;

    /// <summary>Runs the demonstration to its end.</summary>
    public static async Task<int> RunAsync(string[] words)
    {
        if (words.Length > 0)
            throw HostException.Usage($"The demo takes no flags, and '{words[0]}' is given.");

        await using DemoCommand demo = new();
        await demo.RunAsync();
        return ExitCode.Ok;
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _giveUp.Dispose();
    }

    private async Task RunAsync()
    {
        DemoMember leader = await StartAsync();
        DemoMember survivor = _cluster.Members.First(member => member != leader);
        using CancellationTokenSource stopWatching = new();
        Task watching = WatchAsync(survivor, stopWatching.Token);
        await WriteAsync(leader, survivor);
        await LoseTheLeaderAsync(leader, survivor);
        await stopWatching.CancelAsync();
        await watching;
        Narrator.Sum(_results);
    }

    private async Task<DemoMember> StartAsync()
    {
        _narrator.Chapter("Three nodes in one process, over TCP on loopback, each with its own log on disk");
        long start = TimeProvider.System.GetTimestamp();
        await _cluster.StartAsync();
        _narrator.Say("n1, n2 and n3 are up; none of them leads yet.");
        DemoMember leader = await _cluster.LeaderAsync(_giveUp.Token);
        TimeSpan elected = Narrator.Since(start);
        _narrator.Say($"{leader.Name} was elected in term {leader.Node.Status.Term.Value} and leads.");
        _results.Add(("From start to the first leader", Narrator.Milliseconds(elected)));
        return leader;
    }

    private async Task WatchAsync(DemoMember at, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (WatchBatch batch in at.Node.Store.WatchPrefixAsync("", null, cancellationToken))
            {
                _watched += batch.Events.Count(change => change.Kind is WatchEventKind.Put);
                foreach (WatchEvent change in batch.Events.Where(change => !IsBulk(change)))
                    _narrator.Saw($"watch at {at.Name}: {Describe(change)}");
            }
        }
        catch (OperationCanceledException)
        {
            // The demonstration is over.
        }
    }

    private async Task WriteAsync(DemoMember leader, DemoMember follower)
    {
        _narrator.Chapter("Writes go to any member, a watch sees each of them");
        await PutAsync(leader, "greeting", "hello");
        await PutAsync(follower, "colour", "blue");
        await follower.Node.Store.DeleteAsync("colour");
        KeyValue? read = await follower.Node.Store.GetAsync("greeting");
        _narrator.Say($"A read at {follower.Name}, confirmed with the leader, says: {read?.ValueString}");

        const int Writes = 200;
        long start = TimeProvider.System.GetTimestamp();
        for (int i = 0; i < Writes; i++)
            await leader.Node.Store.PutAsync($"bulk/one/{i:0000}", "x");

        TimeSpan one = Narrator.Since(start) / Writes;
        start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Writes * 10)
            .Select(i => leader.Node.Store.PutAsync($"bulk/many/{i:0000}", "x").AsTask()));
        double perSecond = Writes * 10 / Narrator.Since(start).TotalSeconds;
        _narrator.Say($"{Writes} writes one after the other took {one.TotalMilliseconds:0.00} ms each; "
            + $"{Writes * 10} at once went at {perSecond:0} a second. Each was on two disks before it counted.");
        _results.Add(("One write, on a majority of disks", $"{one.TotalMilliseconds:0.00} ms"));
        _results.Add(("Writes a second, many at once", $"{perSecond:0}"));
    }

    private async Task LoseTheLeaderAsync(DemoMember lost, DemoMember survivor)
    {
        _narrator.Chapter("The leader's cable is cut while a client goes on writing");
        SteadyWriter writer = new(survivor.Node.Store, "bulk/during/");
        await using (writer)
        {
            await UntilAsync(() => writer.Acknowledged.Count >= 20, _giveUp.Token);
            long cut = TimeProvider.System.GetTimestamp();
            lost.Cable.IsCut = true;
            _narrator.Say($"{lost.Name} is cut off. The others do not know it yet.");
            DemoMember successor = await _cluster.LeaderAsync(_giveUp.Token);
            TimeSpan elected = Narrator.Since(cut);
            _narrator.Say($"{successor.Name} leads in term {successor.Node.Status.Term.Value}, "
                + $"{Narrator.Milliseconds(elected)} after the cut.");
            await PutAsync(survivor, "after", "the loss");
            _narrator.Say($"Writes are taken again, {Narrator.Milliseconds(Narrator.Since(cut))} after the cut.");
            _results.Add(("From the loss of the leader to the next one", Narrator.Milliseconds(elected)));

            await UntilAsync(() => lost.Node.Status.Role is not RaftRole.Leader, _giveUp.Token);
            _narrator.Say($"{lost.Name}, which hears from nobody, has stepped down by itself.");
            await ReturnAsync(lost);
        }

        TimeSpan silence = writer.LongestSilence();
        _narrator.Say($"The client wrote on all the time. Its longest wait was {Narrator.Milliseconds(silence)}; "
            + $"{writer.Refused} writes were refused, of {writer.Unknown} the outcome is unknown.");
        _results.Add(("Longest time without an acknowledged write", Narrator.Milliseconds(silence)));
        await CompareAsync(writer);
    }

    private async Task ReturnAsync(DemoMember lost)
    {
        _narrator.Chapter("The cable is mended");
        long mended = TimeProvider.System.GetTimestamp();
        lost.Cable.IsCut = false;
        KeyValue? read = null;
        while (read is null)
        {
            try
            {
                read = await lost.Node.Store.GetAsync("after", _giveUp.Token);
            }
            catch (CoordException)
            {
                // It has not found the leader yet.
            }
        }

        TimeSpan returned = Narrator.Since(mended);
        _narrator.Say($"{lost.Name} follows again and reads what it missed: after = {read.ValueString}. "
            + $"That took {Narrator.Milliseconds(returned)}.");
        _results.Add(("From mending the cable to an up-to-date read", Narrator.Milliseconds(returned)));
    }

    private async Task CompareAsync(SteadyWriter writer)
    {
        List<GetResult> states = [];
        foreach (DemoMember member in _cluster.Members)
            states.Add(await member.Node.Store.GetPrefixAsync("", null, _giveUp.Token));

        bool equal = states.All(state => state.KeyValues.SequenceEqual(states[0].KeyValues));
        HashSet<string> present = [.. states[0].KeyValues.Select(pair => pair.KeyString)];
        int missing = writer.Acknowledged.Count(key => !present.Contains(key));
        await UntilAsync(() => _watched >= states[0].Revision.Value - 2, _giveUp.Token);
        _narrator.Say($"{writer.Acknowledged.Count} writes were acknowledged meanwhile; {missing} are missing. "
            + $"All three members hold {(equal ? "the same" : "DIFFERENT")} {states[0].Count} keys.");
        _narrator.Say($"The watch saw all {_watched} puts, each once and in order.");
        _results.Add(("Acknowledged writes lost", $"{missing}"));
        if (missing > 0 || !equal)
            throw new HostException(ExitCode.StoppedByItself, "The members differ: this must never happen.");
    }

    private async Task PutAsync(DemoMember at, string key, string value)
    {
        PutResult result = await at.Node.Store.PutAsync(key, value, _giveUp.Token);
        _narrator.Say($"put {key} = {value} at {at.Name}: revision {result.Revision.Value}");
    }

    private static bool IsBulk(WatchEvent change) =>
        change.KeyValue.KeyString.StartsWith("bulk/", StringComparison.Ordinal);

    private static string Describe(WatchEvent change) => change.Kind is WatchEventKind.Put
        ? $"{change.KeyValue.KeyString} = {change.KeyValue.ValueString}, revision {change.Revision.Value}"
        : $"{change.KeyValue.KeyString} deleted, revision {change.Revision.Value}";
}
