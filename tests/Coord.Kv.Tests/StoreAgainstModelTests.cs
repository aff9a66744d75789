using Coord.Kv.Mvcc.Native;
using Coord.Kv.Tests.Shrinking;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests;

/// <summary>
/// The store answers as a list of all changes ever made would: reads at any revision, history, sizes, refusals.
/// </summary>
/// <remarks>A failure shrinks, and prints its script; add that to <see cref="Replay"/>.</remarks>
public sealed class StoreAgainstModelTests
{
    private static readonly KeyValueOptions Unlimited = new() { RetainedRevisions = 0, QuotaBytes = 0 };

    [Property(MaxTest = 100)]
    public Property The_store_and_its_dumb_twin_answer_alike() =>
        Script.Holds(maxSteps: 150, maxChoices: 20, script => Run(script, keys: 12));

    [Property(MaxTest = 4)]
    public Property They_answer_alike_with_more_keys_than_one_step_reads() =>
        Script.Holds(maxSteps: 900, maxChoices: 20, script => Run(script, keys: 700));

    [Theory]
    [InlineData("0,0,1,0,1;0,13,1;0,19,2;", 12)]
    public void Replay(string script, int keys) => Run(Script.Parse(script), keys);

    /// <summary>What a wrong store looks like: found, and told in no more steps than it takes.</summary>
    [Theory]
    [InlineData(ModelError.ForgetsThatDeletionsMakeRevisions, 2)]
    [InlineData(ModelError.GoesOnCountingAfterADeletion, 3)]
    public void A_wrong_twin_is_found_in_a_few_steps(ModelError error, int steps)
    {
        Script smallest =
            Script.Smallest(maxSteps: 150, maxChoices: 20, script => Run(script, keys: 12, error));
        Assert.InRange(smallest.Steps.Length, 1, steps);
    }

    private static void Run(Script script, int keys, ModelError error = ModelError.None)
    {
        Choices first = new(script.Steps is [var step, ..] ? step : []);
        StoreLayout layout = first.Next(2) == 0 ? StoreLayout.Default : TestStore.TinyLayout;
        TestStore store = new(Unlimited, layout);
        ModelStore model = new(error);
        for (int i = 0; i < script.Steps.Length; i++)
        {
            Choices choices = new(script.Steps[i]);
            int turn = choices.Next(60);
            Change(choices, keys, store, model);
            if (turn % 20 == 19)
                store = Reborn(store, layout);
            if (keys < 100 || turn % 30 == 0)
                AssertAlike(choices, keys, store, model, $"step {i}");
        }
    }

    private static void Change(Random random, int keys, TestStore store, ModelStore model)
    {
        switch (random.Next(20))
        {
            case < 13:
                string key = Key(random, keys);
                string value = new((char)('a' + random.Next(26)), random.Next(5));
                model.Put(key, value);
                Assert.Equal(model.Revision, store.Put(key, value));
                break;
            case < 17:
                AssertDeletesAlike(KeyRange.Single(Key(random, keys)), store, model);
                break;
            case < 19:
                AssertDeletesAlike(Range(random, keys), store, model);
                break;
            default:
                AssertCompactsAlike(random.NextInt64(model.Compacted - 1, model.Revision + 2), store, model);
                break;
        }
    }

    private static void AssertDeletesAlike(KeyRange range, TestStore store, ModelStore model)
    {
        List<KeyValue> before = model.Get(range, model.Revision);
        List<string> deleted = model.Delete(range);
        DeleteResult result = store.Delete(range);
        Assert.Equal(model.Revision, result.Revision.Value);
        Assert.Equal(deleted.Count, result.Deleted);
        Assert.Equal(before, result.Previous);
    }

    private static void AssertCompactsAlike(long revision, TestStore store, ModelStore model)
    {
        if (revision <= model.Compacted)
        {
            CompactedException refused = Assert.Throws<CompactedException>(() => store.Compact(revision));
            Assert.Equal(model.Compacted, refused.OldestRevision.Value);
        }
        else if (revision > model.Revision)
        {
            Assert.Throws<FutureRevisionException>(() => store.Compact(revision));
        }
        else
        {
            store.Compact(revision);
            model.Compacted = revision;
        }
    }

    private static void AssertAlike(Random random, int keys, TestStore store, ModelStore model, string where)
    {
        KeyValueStatus status = store.Machine.Status;
        Assert.Equal((where, model.Revision), (where, status.Revision.Value));
        Assert.Equal((where, model.Compacted), (where, status.CompactedRevision.Value));
        if (keys < 100)
            Assert.Equal((where, model.UsedBytes), (where, status.UsedBytes));

        KeyRange range = Range(random, keys);
        long revision = random.NextInt64(Math.Max(1, model.Compacted), model.Revision + 1);
        List<KeyValue> expected = model.Get(range, revision);
        GetResult result = store.Get(range, revision);
        Assert.Equal(expected, result.KeyValues);
        Assert.Equal(expected.Count, result.Count);

        long limit = random.Next(1, 8);
        GetResult limited = store.Get(range, revision, limit);
        Assert.Equal(expected.Take((int)limit), limited.KeyValues);
        Assert.Equal((expected.Count, expected.Count > limit), (limited.Count, limited.More));

        KeyRange watched = range.IsEmpty ? KeyRange.All : range;
        Assert.Equal(model.Events(watched, revision), store.History(watched, revision, new() { ReturnPrevious = true }),
            (a, b) => a == b || (a with { Previous = null } == b && a.Revision.Value <= model.Compacted));
        if (model.Compacted > 1)
        {
            Assert.Throws<CompactedException>(() => store.Get(range, model.Compacted - 1));
            Assert.Throws<CompactedException>(() => store.History(watched, model.Compacted - 1));
        }

        Assert.Throws<FutureRevisionException>(() => store.Get(range, model.Revision + 1));
    }

    private static TestStore Reborn(TestStore store, StoreLayout layout)
    {
        TestStore reborn = new(Unlimited, layout);
        reborn.Restore(store.Snapshot());
        Assert.Equal(store.Status, reborn.Status);
        Assert.Equal(store.Hash(), reborn.Hash());
        return reborn;
    }

    private static string Key(Random random, int keys) => $"k{random.Next(keys):000}";

    private static KeyRange Range(Random random, int keys) => random.Next(5) switch
    {
        0 => KeyRange.All,
        1 => KeyRange.Single(Key(random, keys)),
        2 => KeyRange.Prefix($"k{random.Next(keys):000}"[..random.Next(1, 4)]),
        3 => KeyRange.From(Key(random, keys)),
        _ => KeyRange.Between(Key(random, keys), Key(random, keys)),
    };
}
