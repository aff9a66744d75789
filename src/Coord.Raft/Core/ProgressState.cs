namespace Coord.Raft.Core;

/// <summary>How a leader sends entries to one member.</summary>
internal enum ProgressState : byte
{
    /// <summary>One message at a time, to find where the logs agree.</summary>
    Probe,

    /// <summary>A pipeline of messages, ahead of the answers.</summary>
    Replicate,

    /// <summary>None, until a snapshot has arrived.</summary>
    Snapshot,
}
