using Coord.Kv.Tests.Shrinking;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests;

/// <summary>
/// Transactions of any shape, and leases, answer and leave behind what a list of all versions ever made would.
/// </summary>
/// <remarks>A failure shrinks, and prints its script; add that to <see cref="Replay"/>.</remarks>
public sealed class TransactionAgainstTwinTests
{
    private const int Keys = 12;

    [Property(MaxTest = 80)]
    public Property The_store_and_its_dumb_twin_answer_alike() => Script.Holds(maxSteps: 80, maxChoices: 60, Run);

    [Theory]
    [InlineData("0,1;5,0,1,0,0,0,0,0,1,0;")]
    public void Replay(string script) => Run(Script.Parse(script));

    private static void Run(Script script)
    {
        TestStore store = new();
        TransactionTwin twin = new();
        for (int i = 0; i < script.Steps.Length; i++)
        {
            Choices choices = new(script.Steps[i]);
            if (choices.Next(25) == 24)
                store.Restore(store.Snapshot());
            Step(choices, store, twin, $"step {i}");
            Assert.Equal((twin.Revision, twin.Leases), (store.Status.Revision.Value, store.Status.Leases));
        }

        long from = Math.Max(2, twin.Compacted);
        Assert.Equal(
            twin.History(from), store.History(KeyRange.All, from).Select(e => TransactionTwin.Describe(e.KeyValue)));
    }

    private static void Step(Random random, TestStore store, TransactionTwin twin, string where)
    {
        long lease = random.Next(1, 5);
        switch (random.Next(12))
        {
            case 0:
                Assert.Equal(twin.Grant(lease), Attempt(() => store.Grant(60, lease)) is null);
                break;
            case 1:
                string? refusal = Attempt(() => TestStore.Now(store.Store.RevokeLeaseAsync(new(lease))));
                Assert.Equal(twin.Revoke(lease), refusal is null);
                break;
            case 2 when random.Next(4) == 0 && twin.Revision > twin.Compacted:
                twin.Compact(random.NextInt64(twin.Compacted + 1, twin.Revision + 1));
                store.Compact(twin.Compacted);
                break;
            default:
                Transaction transaction = Any(random, twin, depth: 0);
                string? answer = null;
                string? thrown = Attempt(() => answer = TransactionTwin.Describe(store.Commit(transaction)));

                // A key twice on one path is refused before anything is looked at; that has tests of its own.
                if (thrown != nameof(ArgumentException))
                    Assert.Equal($"{where}: {twin.Commit(transaction)}", $"{where}: {answer ?? thrown}");
                break;
        }
    }

    private static string? Attempt(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e) when (e is Raft.CoordException or ArgumentException)
        {
            return e.GetType().Name;
        }
    }

    private static Transaction Any(Random random, TransactionTwin twin, int depth) => new()
    {
        Conditions = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Condition(random, twin))],
        Success = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Operation(random, twin, depth))],
        Failure = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Operation(random, twin, depth))],
    };

    private static Comparison Condition(Random random, TransactionTwin twin)
    {
        ComparisonTarget target = (ComparisonTarget)random.Next(5);
        long number = target is ComparisonTarget.CreateRevision or ComparisonTarget.ModRevision
            ? random.NextInt64(twin.Revision + 1)
            : random.Next(4);
        return new(Range(random), target, (ComparisonOperator)random.Next(4), number, Value(random));
    }

    private static Operation Operation(Random random, TransactionTwin twin, int depth)
    {
        switch (random.Next(depth < 3 ? 10 : 9))
        {
            case < 4:
                bool keepsValue = random.Next(6) == 0;
                bool keepsLease = random.Next(6) == 0;
                return Kv.Operation.Put(TestStore.Bytes(Key(random)), keepsValue ? default : Value(random), new()
                {
                    KeepValue = keepsValue,
                    KeepLease = keepsLease,
                    Lease = keepsLease || random.Next(2) == 0 ? default : new(random.Next(1, 5)),
                    ReturnPrevious = random.Next(2) == 0,
                });
            case < 6:
                return Kv.Operation.Delete(Range(random), new() { ReturnPrevious = random.Next(2) == 0 });
            case < 9:
                return Kv.Operation.Get(Range(random), Options(random, twin));
            default:
                return Kv.Operation.Nested(Any(random, twin, depth + 1));
        }
    }

    private static GetOptions Options(Random random, TransactionTwin twin)
    {
        long oldest = Math.Max(1, twin.Compacted - 1);
        return new()
        {
            Revision = new(random.Next(3) > 0 ? 0 : random.NextInt64(oldest, twin.Revision + 2)),
            Limit = random.Next(4),
            KeysOnly = random.Next(4) == 0,
            CountOnly = random.Next(6) == 0,
            SortBy = (SortTarget)random.Next(5),
            SortOrder = (SortOrder)random.Next(3),
            MinModRevision = Bound(),
            MaxModRevision = Bound(),
            MinCreateRevision = Bound(),
            MaxCreateRevision = Bound(),
        };

        Revision Bound() => random.Next(4) > 0 ? default : new(random.NextInt64(1, twin.Revision + 1));
    }

    private static string Key(Random random) => $"k{random.Next(Keys):00}";

    private static byte[] Value(Random random) => TestStore.Bytes(new('v', random.Next(3)));

    private static KeyRange Range(Random random) => random.Next(6) switch
    {
        0 => KeyRange.All,
        1 => KeyRange.Between(Key(random), Key(random)),
        2 => KeyRange.From(Key(random)),
        _ => KeyRange.Single(Key(random)),
    };
}
