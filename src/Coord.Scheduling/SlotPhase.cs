namespace Coord.Scheduling;

/// <summary>How far a node has come with a slot.</summary>
public enum SlotPhase
{
    /// <summary>On the node, and not started.</summary>
    Loaded,

    /// <summary>Being started, or waiting to be started again.</summary>
    Starting,

    /// <summary>Running. Whether it is ready is told apart.</summary>
    Running,

    /// <summary>Being stopped.</summary>
    Stopping,

    /// <summary>Ended well, and not to be started again.</summary>
    Succeeded,

    /// <summary>Ended badly, and not to be started again; or it cannot be started at all.</summary>
    Failed,
}
