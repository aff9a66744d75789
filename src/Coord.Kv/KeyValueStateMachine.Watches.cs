using Coord.Kv.Watches;
using Coord.Raft;

namespace Coord.Kv;

/// <content>Streams of watches.</content>
public sealed partial class KeyValueStateMachine
{
    private bool _isLeaderLost;

    /// <summary>Returns the first revision that a watch which starts now has to see.</summary>
    internal long NextRevision()
    {
        lock (_lock)
            return _state.Store.Revision + 1;
    }

    internal WatchChannel OpenChannel()
    {
        WatchChannel channel = new(_watches, _options);
        lock (_lock)
        {
            _watches.Open(channel);
            if (_stopped is not null)
                channel.Fail(_stopped);
        }

        return channel;
    }

    internal void CloseChannel(WatchChannel channel)
    {
        lock (_lock)
            _watches.Close(channel);
    }

    internal Watcher AddWatch(
        WatchChannel channel, KeyRange range, WatchOptions options, long id, out Revision current)
    {
        lock (_lock)
        {
            long revision = _state.Store.Revision;
            long start = options.StartRevision.Value > 0 ? options.StartRevision.Value : revision + 1;
            Watcher watcher = channel.Add(range, options, id, start, revision);
            if (_isLeaderLost && options.RequireLeader)
                channel.Fail(new NotLeaderException(NodeId.None));
            current = new(revision);
            return watcher;
        }
    }

    internal bool RemoveWatch(WatchChannel channel, long id)
    {
        lock (_lock)
            return channel.Remove(id);
    }

    internal void RequestProgress(WatchChannel channel)
    {
        lock (_lock)
            channel.RequestProgress(_state.Store.Revision);
    }

    /// <summary>Reads on for a channel.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="notices">Takes what there is for the reader.</param>
    /// <param name="wait">What to wait for before the next call; null if there may be more to do.</param>
    /// <returns>How many notices there are, which may be none.</returns>
    internal int ReadChannel(WatchChannel channel, Span<WatchNotice> notices, out Task? wait)
    {
        lock (_lock)
        {
            int count = channel.Read(_state.Store, notices, out bool isIdle);
            wait = isIdle && count == 0 ? channel.WaitAsync() : null;
            GC.KeepAlive(this);
            return count;
        }
    }

    /// <summary>Lets watches report how far they have come.</summary>
    internal void ReportProgress()
    {
        lock (_lock)
            _watches.ReportProgress();
    }

    /// <summary>Says whether this member has been without a leader for too long.</summary>
    internal void SetLeaderLost(bool isLost)
    {
        lock (_lock)
        {
            if (isLost && !_isLeaderLost)
                _watches.FailThoseThatRequireLeader(new NotLeaderException(NodeId.None));
            _isLeaderLost = isLost;
        }
    }

    /// <summary>Ends all watches, and those that are opened later.</summary>
    internal void Stop(Exception reason)
    {
        lock (_lock)
        {
            _stopped ??= reason;
            _watches.Fail(_stopped);
            ReleaseWaiting_NeedsLock(long.MaxValue);
        }
    }
}
