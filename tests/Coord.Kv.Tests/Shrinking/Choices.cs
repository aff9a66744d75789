namespace Coord.Kv.Tests.Shrinking;

/// <summary>A source of choices that are data: what is made from them becomes simpler as they do.</summary>
/// <remarks>
/// A generator that asks it as it would ask chance needs no shrinker of its own. Each question takes one number; when
/// they are used up the answer is the least, so write generators in which that is the simplest.
/// </remarks>
internal sealed class Choices(int[] numbers) : Random
{
    private int _next;

    public override int Next() => _next < numbers.Length ? numbers[_next++] : 0;

    public override int Next(int maxValue) => maxValue <= 1 ? 0 : Next() % maxValue;

    public override int Next(int minValue, int maxValue) => minValue + Next(maxValue - minValue);

    public override long NextInt64(long maxValue) => maxValue <= 1 ? 0 : Next() % maxValue;

    public override long NextInt64(long minValue, long maxValue) => minValue + NextInt64(maxValue - minValue);
}
