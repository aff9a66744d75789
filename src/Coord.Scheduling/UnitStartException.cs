namespace Coord.Scheduling;

/// <summary>A unit cannot be started on this node. Nothing of it runs.</summary>
public sealed class UnitStartException : Exception
{
    /// <summary>Initializes the exception.</summary>
    /// <param name="message">Why, and what to do about it.</param>
    /// <param name="innerException">What happened.</param>
    public UnitStartException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
