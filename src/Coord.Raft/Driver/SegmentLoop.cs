using Coord.Raft.Diagnostics;
using Coord.Raft.Storage;
using Microsoft.Extensions.Logging;

namespace Coord.Raft.Driver;

/// <summary>
/// Allocates the log's next segment before it is needed, so that no commit waits for the file system.
/// </summary>
internal sealed class SegmentLoop(Wal wal, ILogger logger) : ILoop, IDisposable
{
    /// <summary>Gets what wakes the loop.</summary>
    public LoopSignal Signal { get; } = new();

    /// <inheritdoc/>
    public bool Pump()
    {
        if (!wal.NeedsNextSegment)
            return false;

        try
        {
            wal.PrepareNextSegment();
            return true;
        }
        catch (IOException exception)
        {
            // The log goes on in the segment it has; if there is still no room at its end, the append fails and the
            // node stops. Until then an operator can make room: the next attempt comes with the next wake-up.
            Log.SegmentNotAllocated(logger, exception);
            return false;
        }
        catch (StorageFailedException)
        {
            return false; // The storage loop has met the failure itself, and reports it.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Signal.Dispose();
}
