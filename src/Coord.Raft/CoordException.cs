namespace Coord.Raft;

/// <summary>The base of everything that Coord throws for a reason other than a wrong argument.</summary>
public abstract class CoordException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what to do next.</param>
    /// <param name="outcome">Whether the operation may have taken effect.</param>
    /// <param name="innerException">The cause, if another exception is.</param>
    protected CoordException(string message, Outcome outcome, Exception? innerException = null)
        : base(message, innerException) => Outcome = outcome;

    /// <summary>Gets whether the operation may have taken effect.</summary>
    public Outcome Outcome { get; }
}
