namespace Coord.Raft.Driver;

/// <summary>Tells which proposals of one peer have come before: a transport may repeat messages.</summary>
/// <remarks>
/// A repeated proposal would be applied twice, or would be applied after its sender was told that it did not happen.
/// The sender numbers its proposals without a gap, from a random start in each of its runs. What lies behind the window
/// counts as repeated: its sender then learns that the outcome is unknown, which is true. Owned by the owner loop.
/// </remarks>
internal sealed class ForwardWindow
{
    /// <summary>How far a proposal may be overtaken by later ones.</summary>
    public const int Size = 1024;

    private const ulong SameRun = 1UL << 32;

    private readonly ulong[] _seen = new ulong[Size / 64];
    private ulong _highest;
    private bool _isUsed;

    /// <summary>Notes a proposal.</summary>
    /// <returns>False if it came before.</returns>
    public bool TryAccept(ulong number)
    {
        ulong ahead = number - _highest;
        ulong behind = _highest - number;
        if (_isUsed && behind < SameRun)
        {
            if (behind >= Size || IsSeen(number))
                return false;

            SetSeen(number, true);
            return true;
        }

        if (!_isUsed || ahead >= Size)
            Array.Clear(_seen); // Its first proposal, a new run, or a leap beyond the window.
        else
        {
            for (ulong skipped = _highest + 1; skipped != number; skipped++)
                SetSeen(skipped, false);
        }

        _isUsed = true;
        _highest = number;
        SetSeen(number, true);
        return true;
    }

    private bool IsSeen(ulong number) => (_seen[number % Size / 64] & (1UL << (int)(number % 64))) != 0;

    private void SetSeen(ulong number, bool seen)
    {
        ulong bit = 1UL << (int)(number % 64);
        ref ulong word = ref _seen[number % Size / 64];
        word = seen ? word | bit : word & ~bit;
    }
}
