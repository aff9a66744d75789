using FsCheck;
using FsCheck.Fluent;

namespace Coord.Kv.Tests.Shrinking;

/// <summary>A run as data: the choices of each step. It shrinks to fewer steps, and to simpler ones.</summary>
/// <param name="Steps">The choices, step by step.</param>
internal sealed record Script(int[][] Steps)
{
    /// <summary>Reads what <see cref="ToString"/> wrote, to run a failure again.</summary>
    public static Script Parse(string text) => new(
        [.. text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(step =>
            step.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToArray())]);

    /// <summary>Returns scripts of up to a number of steps that make up to a number of choices each.</summary>
    public static Arbitrary<Script> Any(int maxSteps, int maxChoices)
    {
        Gen<int[]> step = Gen.Choose(0, maxChoices).SelectMany(count => Gen.Choose(0, 9_999).ArrayOf(count));
        Gen<Script> script = Gen.Choose(1, maxSteps)
            .SelectMany(count => step.ArrayOf(count))
            .Select(steps => new Script(steps));
        return Arb.From(script, Shrink);
    }

    /// <summary>Makes a property of a run, which throws if it finds something wrong.</summary>
    public static Property Holds(int maxSteps, int maxChoices, Action<Script> run) => Prop.ForAll(
        Any(maxSteps, maxChoices),
        script =>
        {
            Exception? wrong = Record.Exception(() => run(script));
            return (wrong is null).ToProperty().Label($"{wrong?.Message}\nScript: {script}");
        });

    /// <summary>Finds a script that fails and returns the smallest; for runs that are made to fail.</summary>
    public static Script Smallest(int maxSteps, int maxChoices, Action<Script> run)
    {
        Script? smallest = null;
        Property property = Holds(maxSteps, maxChoices, script =>
        {
            try
            {
                run(script);
            }
            catch (Exception)
            {
                // Shrinking goes on from what fails alone, so the last one is the smallest.
                smallest = script;
                throw;
            }
        });
        // Always from the same start: from some, shrinking ends in a small script that is not the smallest.
        Config config = Config.QuickThrowOnFailure.WithReplay(1, 1);
        Assert.ThrowsAny<Exception>(() => Check.One(config, property));
        return smallest!;
    }

    /// <summary>Returns the script in a form that can be kept as the case of a test.</summary>
    public override string ToString() => string.Concat(Steps.Select(step => string.Join(',', step) + ";"));

    private static IEnumerable<Script> Shrink(Script script)
    {
        int[][] steps = script.Steps;
        for (int size = steps.Length; size > 0; size /= 2)
        {
            for (int from = 0; from < steps.Length; from += size)
                yield return new([.. steps[..from], .. steps[Math.Min(from + size, steps.Length)..]]);
        }

        for (int i = 0; i < steps.Length; i++)
        {
            foreach (int[] simpler in ShrinkStep(steps[i]))
                yield return new([.. steps[..i], simpler, .. steps[(i + 1)..]]);
        }
    }

    private static IEnumerable<int[]> ShrinkStep(int[] choices)
    {
        for (int keep = 0; keep < choices.Length; keep = keep == 0 ? 1 : Math.Max(keep + 1, keep * 2))
            yield return choices[..keep];

        for (int i = 0; i < choices.Length; i++)
        {
            for (int less = 0; less < Math.Min(choices[i], 12); less++)
                yield return [.. choices[..i], less, .. choices[(i + 1)..]];
        }
    }
}
