namespace Coord.Simulation.Checking;

/// <summary>Collects calls while they run. A call that is never told how it ended has an unknown outcome.</summary>
/// <typeparam name="TInput">What is asked.</typeparam>
/// <typeparam name="TOutput">What is told.</typeparam>
/// <remarks>Not thread-safe: the simulator has one thread.</remarks>
internal sealed class History<TInput, TOutput>
{
    private readonly List<Call<TInput, TOutput>> _calls = [];

    /// <summary>Gets the calls in the order in which they began; failed ones included.</summary>
    public IReadOnlyList<Call<TInput, TOutput>> Calls => _calls;

    /// <summary>Notes that a call begins.</summary>
    /// <returns>Its number, for the methods that end it.</returns>
    public int Begin(int client, long now, TInput input)
    {
        _calls.Add(new(client, now, Call<TInput, TOutput>.Never, input, default, CallOutcome.Unknown));
        return _calls.Count - 1;
    }

    /// <summary>Notes an answer.</summary>
    public void Answer(int call, long now, TOutput output) =>
        _calls[call] = _calls[call] with { End = now, Output = output, Outcome = CallOutcome.Ok };

    /// <summary>Notes that a call surely did not happen.</summary>
    public void Fail(int call, long now) =>
        _calls[call] = _calls[call] with { End = now, Outcome = CallOutcome.Failed };
}
