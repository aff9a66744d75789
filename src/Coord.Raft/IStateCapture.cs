namespace Coord.Raft;

/// <summary>A state as it was at one index, for writing a snapshot of it.</summary>
public interface IStateCapture : IDisposable
{
    /// <summary>Writes the state. Called once, on a thread of its own.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="cancellationToken">Ends the writing early; the partial output is thrown away.</param>
    void WriteTo(Stream destination, CancellationToken cancellationToken);
}
