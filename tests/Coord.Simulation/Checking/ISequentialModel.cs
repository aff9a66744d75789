namespace Coord.Simulation.Checking;

/// <summary>What a thing does if one call comes after the other. Pure.</summary>
/// <typeparam name="TState">Its state; compared by value.</typeparam>
/// <typeparam name="TInput">What is asked.</typeparam>
/// <typeparam name="TOutput">What is told.</typeparam>
internal interface ISequentialModel<TState, TInput, TOutput>
{
    TState Initial { get; }

    /// <summary>Does a call.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="call">The call; if its output is not known, any is possible.</param>
    /// <param name="next">The state after.</param>
    /// <returns>Whether the call can have been told what it was.</returns>
    bool TryStep(TState state, Call<TInput, TOutput> call, out TState next);
}
