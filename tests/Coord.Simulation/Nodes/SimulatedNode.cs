using Coord.Raft;
using Coord.Raft.Tests.Storage;
using Coord.Simulation.Faults;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Nodes;

/// <summary>A member: a machine with a disk, and the processes that run on it one after the other.</summary>
internal sealed class SimulatedNode
{
    private readonly long _diskPace;
    private int _starts;
    private long _diskHangsUntil;
    private long _diskSlownessUntil;
    private long _diskSlowness = 1;

    public SimulatedNode(Cluster cluster, NodeId id, bool joins)
    {
        (Cluster, Id, Joins) = (cluster, id, joins);
        Name = id.ToString();
        Chance = cluster.World.Chance.Fork("node", (long)id.Value);
        // Machines differ: with disks that are all alike, the leader's would always be the first to have an entry.
        _diskPace = Chance.Fork("disk").LogUniform(1, 16);
        Disk = new MemoryFileSystem();
        Disk.CreateDirectory("/" + Name);
    }

    public Cluster Cluster { get; }

    public NodeId Id { get; }

    public string Name { get; }

    /// <summary>Gets a value indicating whether it was added to a cluster that runs.</summary>
    public bool Joins { get; }

    public Chance Chance { get; }

    public MemoryFileSystem Disk { get; }

    /// <summary>Gets the process that runs now, if one does.</summary>
    public SimulatedProcess? Process { get; private set; }

    /// <summary>Gets a value indicating whether its data is given up; it never runs again.</summary>
    public bool IsRetired { get; private set; }

    /// <summary>Gets or sets a value indicating whether operations on its disk were made to fail.</summary>
    public bool HasDiskFaults { get; set; }

    /// <summary>Gets or sets a value indicating whether its disk was damaged on purpose: it may refuse.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>Gets a value indicating whether the member has refused to start on its damaged disk.</summary>
    public bool IsBeyondRepair { get; private set; }

    public bool IsUp => Process is { IsGone: false };

    public bool IsServing => Process is { IsGone: false, IsPaused: false };

    public void Start()
    {
        if (IsUp || IsRetired)
            return;

        Cluster.World.Trace.Add(Name, $"starts");
        Process = new SimulatedProcess(this, ++_starts);
        Process.Start();
        Cluster.Checks.OnStarted(Process);
    }

    /// <summary>Ends the process; what it wrote is still in the kernel's memory.</summary>
    public void Kill(string why)
    {
        if (!IsUp)
            return;

        Cluster.World.Trace.Add(Name, $"is killed {why}");
        EndProcess();
        Disk.Kill();
    }

    /// <summary>Switches the machine off and on; of what was not synced chance keeps some.</summary>
    public void CutPower(string why)
    {
        Cluster.World.Trace.Add(Name, $"loses power {why}");
        if (IsUp)
            EndProcess();
        Disk.CutPower(new ChancedCrash(Chance.Fork("crash", Disk.Calls)));
    }

    public void Pause()
    {
        if (Process is not { IsGone: false, IsPaused: false } process)
            return;
        Cluster.World.Trace.Add(Name, $"is paused");
        process.Pause();
    }

    /// <summary>Pauses a process for a while, unless another runs meanwhile.</summary>
    public void PauseFor(SimulatedProcess process, long duration)
    {
        if (process != Process)
            return;

        Pause();
        Cluster.World.After(duration, Resume);
    }

    public void Resume()
    {
        if (Process is not { IsGone: false, IsPaused: true } process)
            return;
        Cluster.World.Trace.Add(Name, $"goes on");
        process.Resume();
    }

    /// <summary>Gives the member's data up.</summary>
    public void Retire()
    {
        Kill("for good");
        IsRetired = true;
    }

    public void HangDisk(long duration) => _diskHangsUntil = Cluster.World.Now + duration;

    public void SlowDisk(long duration, long factor) =>
        (_diskSlownessUntil, _diskSlowness) = (Cluster.World.Now + duration, factor);

    /// <summary>Changes a bit of what is on the disk.</summary>
    public void Rot(Chance chance)
    {
        string[] paths = [.. Disk.Paths.Where(path => path.Contains("/log/", StringComparison.Ordinal))];
        if (paths.Length == 0)
            return;

        string path = chance.Of(paths);
        int written = Disk.ReadAll(path).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        if (written == 0)
            return;

        IsDamaged = true;
        int offset = chance.Next(written);
        Cluster.World.Trace.Add(Name, $"has a wrong bit at {offset} of {path}");
        Disk.Flip(path, offset, (byte)(1 << chance.Next(8)));
    }

    /// <summary>Ends what is wrong with the machine, and what would have gone wrong soon.</summary>
    public void Heal()
    {
        (_diskHangsUntil, _diskSlownessUntil) = (0, 0);
        Disk.Capacity = long.MaxValue;
        // What was about to happen does not: a fault after the faults would be blamed on the cluster.
        Disk.Disarm();
        if (Process is { } process)
            (process.SendsBeforeCrash, process.PauseAfterHeartbeat) = (-1, 0);
        Resume();
    }

    /// <summary>Returns how long an operation takes at present that usually takes so long.</summary>
    public long DelayOnDisk(long usual)
    {
        usual *= _diskPace;
        long now = Cluster.World.Now;
        if (now < _diskSlownessUntil)
            usual *= _diskSlowness;
        // An operation that has begun is not hurried by the end of the faults, and all wait for it.
        return Math.Max(_diskHangsUntil - now, 0) + Math.Min(usual, 5 * Span.Second);
    }

    /// <summary>Is told that the process ended by itself, or as it was asked to.</summary>
    public void OnStopped(Exception? reason)
    {
        Cluster.World.Trace.Add(Name, $"stops: {reason?.Message ?? "as it was asked to"}");
        IsBeyondRepair = IsDamaged && reason is LogCorruptedException or DataDirectoryException;
        EndProcess();
        if (reason is PowerCutException)
            Disk.CutPower(new ChancedCrash(Chance.Fork("crash", Disk.Calls)));
        else
            Disk.Kill();
        if (reason is not null)
            Cluster.Checks.OnStopped(this, reason);
    }

    public override string ToString() => Name;

    private void EndProcess()
    {
        SimulatedProcess process = Process!;
        Cluster.Checks.OnEnding(process);
        process.End();
        Process = null;
        Cluster.OnDown(this);
    }
}
