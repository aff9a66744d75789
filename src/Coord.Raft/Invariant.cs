using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Coord.Raft;

/// <summary>Checks, in every build, the dozen conditions whose breach would lose data.</summary>
internal static class Invariant
{
    /// <summary>Stops the node if a condition does not hold.</summary>
    /// <param name="condition">What must be true.</param>
    /// <param name="message">What is wrong when it is not, as a sentence.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition)
            Throw(message);
    }

    [DoesNotReturn]
    private static void Throw(string message) => throw new InvariantViolationException(message);
}
