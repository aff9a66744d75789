namespace Coord.Scheduling;

/// <summary>After which ends a runner is started again on its node, in systemd's words.</summary>
public enum RestartPolicy
{
    /// <summary>After none.</summary>
    No,

    /// <summary>After a good end: exit code zero.</summary>
    OnSuccess,

    /// <summary>After any end but a good one.</summary>
    OnFailure,

    /// <summary>After a signal or a time-out, not after an exit code.</summary>
    OnAbnormal,

    /// <summary>After a signal that nobody sent on purpose.</summary>
    OnAbort,

    /// <summary>After every end.</summary>
    Always,
}
