using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>Writes captured states to disk, one at a time, beside everything else.</summary>
internal sealed class SnapshotSaveLoop(SnapshotStore store, Action<SnapshotEvent> report) : ILoop, IDisposable
{
    private readonly SwapQueue<(SnapshotMetadata Metadata, StateCapture Capture)> _queue = new(4);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Gets what wakes the loop.</summary>
    public LoopSignal Signal { get; } = new();

    /// <summary>Hands over a capture; the owner asks for one at a time, so there is always room.</summary>
    public void Enqueue(SnapshotMetadata metadata, StateCapture capture)
    {
        if (!_queue.TryEnqueue((metadata, capture)))
            capture.Dispose();

        Signal.Set();
    }

    /// <summary>Gives up a snapshot that is being written, since the node stops.</summary>
    public void Cancel() => _stopping.Cancel();

    /// <inheritdoc/>
    public bool Pump()
    {
        ReadOnlySpan<(SnapshotMetadata Metadata, StateCapture Capture)> work = _queue.Drain();
        foreach ((SnapshotMetadata metadata, StateCapture capture) in work)
        {
            using (capture)
                Save(metadata, capture);
        }

        return !work.IsEmpty;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        Signal.Dispose();
    }

    private void Save(SnapshotMetadata metadata, StateCapture capture)
    {
        try
        {
            using SnapshotWriter writer = store.Create(metadata);
            capture.WriteTo(writer, _stopping.Token);
            writer.Commit();
            report(new SnapshotEvent(Saved: metadata, SavedBytes: writer.Length));
        }
        catch (Exception exception)
            when (exception is IOException or StorageFailedException or OperationCanceledException)
        {
            // A full disk must not stop the log: the temporary file is gone, and a later snapshot may succeed.
            report(new SnapshotEvent(SaveFailure: exception));
        }
    }
}
