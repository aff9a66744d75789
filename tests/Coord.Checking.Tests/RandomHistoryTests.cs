using FsCheck;
using FsCheck.Xunit;
using StoreCall = Coord.Simulation.Checking.Call<
    Coord.Simulation.Checking.StoreInput, Coord.Kv.TransactionResult>;

namespace Coord.Checking.Tests;

/// <summary>
/// Random histories of a store that does everything right are accepted, and with one lie, of a kind that nothing can
/// explain, rejected. The search agrees with the fast path.
/// </summary>
/// <remarks>A failure prints its seed; add it to <see cref="Replay"/>.</remarks>
public sealed class RandomHistoryTests
{
    [Property(MaxTest = 200)]
    public void Valid_histories_are_accepted_and_mutated_ones_rejected(DoNotSize<int> seed) => Run(seed.Item);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Replay(int seed) => Run(seed);

    private static void Run(int seed)
    {
        Random random = new(seed);
        StoreStory story = RandomStory.Make(random);
        Findings truth = RevisionChecker.Check(story.Log, story.Calls);
        Assert.True(truth.IsClean, $"seed {seed}: {truth}");
        Assert.Empty(RevisionRules.Check(story.Log.Changes));
        Assert.Equal(Verdict.Linearizable, Search(story.Calls));

        (string lie, bool isAboutOneKey) = RandomStory.Lie(random, story);
        Findings found = RevisionChecker.Check(story.Log, story.Calls);
        Assert.False(found.IsClean, $"seed {seed}: {lie}");
        if (isAboutOneKey)
            Assert.True(Search(story.Calls) is Verdict.NotLinearizable, $"seed {seed}, search: {lie}");
    }

    /// <summary>Searches the calls of each key, without what only the store as a whole shows.</summary>
    private static Verdict Search(List<StoreCall> calls)
    {
        List<Call<KeyInput, KeyOutput>> single = [];
        foreach (StoreCall call in calls)
        {
            if (RandomStory.ToKeyInput(call.Input) is not { } input)
                continue;
            KeyOutput? output = call.IsKnown ? RandomStory.ToKeyOutput(call.Output!) : null;
            single.Add(new(call.Client, call.Begin, call.End, input, output, call.Outcome));
        }

        return new LinearizabilitySearch<KeyState, KeyInput, KeyOutput>(new RevisionedKeyModel())
            .RunByKey(single, input => input.Key).Verdict;
    }
}
