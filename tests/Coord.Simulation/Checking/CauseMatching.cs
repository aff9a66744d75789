namespace Coord.Simulation.Checking;

/// <summary>
/// Gives each effect a cause of its own, if that is possible at all: a matching by augmenting paths. Mostly there is
/// one possible cause for each, so that it costs next to nothing.
/// </summary>
internal sealed class CauseMatching
{
    private readonly List<int>[] _causesOf;
    private readonly int[] _effectOf;

    public CauseMatching(int effects, int causes)
    {
        _causesOf = new List<int>[effects];
        for (int i = 0; i < effects; i++)
            _causesOf[i] = [];
        _effectOf = new int[causes];
        Array.Fill(_effectOf, -1);
    }

    /// <summary>Says that an effect can have a cause.</summary>
    public void Allow(int effect, int cause) => _causesOf[effect].Add(cause);

    /// <summary>Returns effects that are left without a cause when as many as possible have one.</summary>
    public List<int> FindUnmatched()
    {
        List<int> unmatched = [];
        for (int effect = 0; effect < _causesOf.Length; effect++)
        {
            if (!TryMatch(effect, []))
                unmatched.Add(effect);
        }

        return unmatched;
    }

    private bool TryMatch(int effect, HashSet<int> tried)
    {
        foreach (int cause in _causesOf[effect])
        {
            if (!tried.Add(cause))
                continue;
            if (_effectOf[cause] < 0 || TryMatch(_effectOf[cause], tried))
            {
                _effectOf[cause] = effect;
                return true;
            }
        }

        return false;
    }
}
