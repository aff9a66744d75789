using Coord.Kv;
using StoreCall = Coord.Simulation.Checking.Call<
    Coord.Simulation.Checking.StoreInput, Coord.Kv.TransactionResult>;

namespace Coord.Checking.Tests;

/// <summary>Makes histories of a few clients that overlap in time, and lies about them.</summary>
internal static class RandomStory
{
    private const int Step = 10;

    private static readonly string[] Keys = ["a", "b", "c"];

    /// <summary>
    /// Makes a history in which each call takes effect at a moment of its own, and its client sees it around that.
    /// </summary>
    public static StoreStory Make(Random random)
    {
        StoreStory story = new();
        int calls = random.Next(5, 40);
        long[] freeAt = new long[4];
        for (int i = 1; i <= calls; i++)
        {
            long moment = i * Step;
            int client = random.Next(freeAt.Length);
            if (freeAt[client] >= moment)
                continue; // It still waits for its last answer.

            StoreInput input = Input(random, i);
            long begin = random.NextInt64(freeAt[client] + 1, moment + 1);
            if (random.Next(8) == 0)
            {
                story.Now = moment - 1;
                story.Lose(input, happens: random.Next(2) == 0);
                continue;
            }

            freeAt[client] = moment + random.Next(1, 3 * Step);
            StoreCall call = story.Do(input, moment, freeAt[client], client);
            story.Lie(call, truth => truth with { Begin = begin });
        }

        // Everybody has had his answer, and the store is looked at once more.
        story.Now = freeAt.Max() + ((calls + 2) * Step);
        story.Put("a", "last");
        foreach (string key in Keys)
            story.Get(key);
        return story;
    }

    /// <summary>Makes one call of the history wrong in a way that no order explains.</summary>
    /// <returns>What the lie is, and whether the calls of its key alone show it.</returns>
    public static (string Lie, bool IsAboutOneKey) Lie(Random random, StoreStory story)
    {
        StoreCall write = story.Calls[^4];
        StoreCall read = story.Calls[^3];
        KeyValue truth = read.Output!.Results[0].Get!.KeyValues[0];
        switch (random.Next(6))
        {
            case 0:
                KeyValue wrong = StoreStory.Version(
                    "a", "lie", truth.CreateRevision.Value, truth.ModRevision.Value, truth.Version);
                story.LieAboutKeys(read, wrong);
                return ("a value that nobody wrote", true);
            case 1:
                story.LieAboutKeys(read);
                return ("a key that is left out", true);
            case 2:
                story.LieAboutRevision(read, read.Output.Revision.Value - 1);
                return ("a read at an older revision", false);
            case 3:
                story.Calls.Remove(write);
                return ("a write that nobody asked for", true);
            case 4:
                story.Lie(write, told => told with { Begin = read.End + 1, End = read.End + 2 });
                return ("a write that is asked for after it was read", true);
            default:
                story.Calls.Add(write with { Begin = read.End + 1, End = read.End + 2 });
                return ("a revision that is made twice", true);
        }
    }

    /// <summary>Returns a call of a single key as such, or null if it is something else.</summary>
    public static KeyInput? ToKeyInput(StoreInput input) => input switch
    {
        { IsSerializable: true } or { Transaction.Conditions.Count: > 0 } => null,
        { Transaction.Success: [PutOperation put] } =>
            new(KeyCallKind.Put, ChangeLog.TextOf(put.Key.Span), ChangeLog.TextOf(put.Value.Span)),
        { Transaction.Success: [DeleteOperation { Range.IsSingleKey: true } delete] } =>
            new(KeyCallKind.Delete, ChangeLog.TextOf(delete.Range.Key.Span)),
        { Transaction.Success: [GetOperation { Range.IsSingleKey: true } get] } =>
            new(KeyCallKind.Get, ChangeLog.TextOf(get.Range.Key.Span)),
        _ => null,
    };

    public static KeyOutput ToKeyOutput(TransactionResult result) => result.Results[0] switch
    {
        { Get: { First: { } found } } =>
            new(result.Revision.Value, true, found.ValueString, found.ModRevision.Value, found.Version),
        { Get: not null } => new(result.Revision.Value, false),
        { Delete: { } delete } => new(result.Revision.Value, delete.Deleted > 0),
        _ => new(result.Revision.Value),
    };

    private static StoreInput Input(Random random, int number)
    {
        string key = Keys[random.Next(Keys.Length)];
        KeyRange single = KeyRange.Single(key);
        return random.Next(5) switch
        {
            0 => StoreInput.Get(single),
            1 => StoreInput.Delete(single),
            2 => StoreInput.Get(single, new() { Serializable = true }),
            _ => StoreInput.Put(key, $"{number}"),
        };
    }
}
