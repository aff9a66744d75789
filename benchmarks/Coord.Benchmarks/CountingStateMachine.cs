using Coord.Raft;

namespace Coord.Benchmarks;

/// <summary>Counts commands, so that what is measured is the log.</summary>
internal sealed class CountingStateMachine : IStateMachine
{
    private long _count;

    public ApplyResult Apply(in AppliedCommand command) => new(++_count);

    public void OnBatchApplied(LogIndex applied)
    {
    }

    public IStateCapture Capture() => new CountCapture(_count);

    public void Restore(Stream snapshot, EntryId lastIncluded)
    {
        using BinaryReader reader = new(snapshot, System.Text.Encoding.UTF8, leaveOpen: true);
        _count = reader.ReadInt64();
    }

    private sealed class CountCapture(long count) : IStateCapture
    {
        public void WriteTo(Stream destination, CancellationToken cancellationToken) =>
            destination.Write(BitConverter.GetBytes(count));

        public void Dispose()
        {
        }
    }
}
