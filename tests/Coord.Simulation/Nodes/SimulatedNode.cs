using Coord.Raft;
using Coord.Raft.Storage;
using Coord.Raft.Tests.Storage;
using Coord.Simulation.Faults;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Nodes;

/// <summary>A member: a machine with a disk, and the processes that run on it one after the other.</summary>
internal sealed class SimulatedNode
{
    private readonly long _diskPace;
    private int _starts;

    // What has happened to the disk while the process of this number ran, or none; what is repaired is forgotten.
    private int _rottenIn = int.MaxValue;
    private bool _isMarkRotten;
    private bool _hasLostPower;
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
        Disk = CreateDisk();
    }

    public Cluster Cluster { get; }

    public NodeId Id { get; }

    public string Name { get; }

    /// <summary>Gets a value indicating whether it was added to a cluster that runs.</summary>
    public bool Joins { get; }

    public Chance Chance { get; }

    public MemoryFileSystem Disk { get; private set; }

    /// <summary>Gets whom the member has met, as its disk remembers.</summary>
    public HashSet<NodeId> Met { get; } = [];

    /// <summary>Gets a value indicating whether the member has forgotten all that it promised.</summary>
    public bool IsWiped { get; private set; }

    /// <summary>Gets the process that runs now, if one does.</summary>
    public SimulatedProcess? Process { get; private set; }

    /// <summary>Gets a value indicating whether its data is given up; it never runs again.</summary>
    public bool IsRetired { get; private set; }

    /// <summary>Gets or sets a value indicating whether operations on its disk were made to fail.</summary>
    public bool HasDiskFaults { get; set; }

    /// <summary>Gets a value indicating whether its disk was damaged on purpose, and not made good yet.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>Gets a value indicating whether what is damaged can be made good by other members.</summary>
    /// <remarks>
    /// Term and vote are kept twice, and nobody else knows them: a damaged mark, or a write of it that the power cut
    /// short, together with a damaged log, may be too much.
    /// </remarks>
    public bool IsRepairable => IsDamaged && !_isMarkRotten && !_hasLostPower && !HasDiskFaults;

    /// <summary>Gets a value indicating whether the member has refused to start on its damaged disk.</summary>
    public bool IsBeyondRepair { get; private set; }

    /// <summary>Gets what the process cannot know about its log, if anything.</summary>
    public LogDoubt? Doubt => Process?.Raft.Runtime?.Driver.Core.Doubt;

    /// <summary>Gets a value indicating whether the cluster may have to do without the member's vote.</summary>
    /// <remarks>
    /// A vote in doubt counts only beside a majority that is not, or those of all. A power cut in the middle of a write
    /// is enough for that, and a minority may not be missing besides.
    /// </remarks>
    public bool IsLost => IsRetired || IsDamaged || Doubt is not null;

    public bool IsUp => Process is { IsGone: false };

    public bool IsServing => Process is { IsGone: false, IsPaused: false };

    /// <summary>Tells whether it decides by a membership: that takes effect when it is applied.</summary>
    public bool DecidesBy(Membership membership) =>
        Process?.Raft is { Runtime: not null } raft && raft.Status.Membership.Version == membership.Version;

    public void Start()
    {
        if (IsUp || IsRetired)
            return;

        Cluster.World.Trace.Add(Name, $"starts");
        Process = new SimulatedProcess(this, ++_starts);
        Process.Start();
    }

    /// <summary>Is told that the process takes part from now on; nothing of it has run yet.</summary>
    public void OnStarted(SimulatedProcess process)
    {
        if (IsWiped)
            return;

        if (IsDamaged && process.Number > _rottenIn)
        {
            Cluster.Marks.Add(Mark.LogRepaired);
            Cluster.World.Trace.Add(Name, $"has made good what was damaged");
            Cluster.Checks.Repairs++;
        }

        Cluster.Checks.OnStarted(process);
    }

    /// <summary>Is told that the process has, on its disk, all that it ever had.</summary>
    public void OnWhole(SimulatedProcess process)
    {
        if (IsDamaged && process.Number > _rottenIn)
            (IsDamaged, _isMarkRotten, _rottenIn) = (false, false, int.MaxValue);
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
        CutPowerOfDisk();
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

    /// <summary>Takes all that the member ever wrote.</summary>
    public void Wipe()
    {
        (IsDamaged, IsWiped) = (true, true);
        Kill("and comes back with an empty disk");
        Met.Clear();
        Disk = CreateDisk();
    }

    /// <summary>Changes what is on the disk, in the log or in its mark, behind everybody's back.</summary>
    public void Damage(FaultKind kind, Chance chance)
    {
        string[] paths = [.. Disk.Paths.Where(path => path.Contains("/log/", StringComparison.Ordinal))];
        string[] begun = [.. paths.Where(path => path.EndsWith(WalSegment.Suffix, StringComparison.Ordinal)
            && BytesIn(path) > WalSegmentHeader.PageBytes)];
        if (begun.Length == 0)
            return;

        // Often the end of the log: of what is gone there nothing tells any more.
        bool isRot = kind is FaultKind.BitRot;
        string path = chance.Next(2) == 0 ? begun[^1] : chance.Of(isRot ? paths : begun);
        if (isRot ? TryRot(path, chance) : TryLoseWrite(path, kind is FaultKind.MisdirectedWrite, chance))
            (IsDamaged, _rottenIn) = (true, _starts);
    }

    private bool TryRot(string path, Chance chance)
    {
        int bytes = BytesIn(path);
        if (bytes == 0)
            return false;

        int offset = chance.Next(2) == 0 ? chance.Next(bytes) : bytes - (int)chance.LogUniform(1, bytes);
        int count = chance.Next(3) == 0 ? Math.Min(MemoryFileSystem.SectorBytes, bytes - offset) : 1;
        Cluster.World.Trace.Add(Name, $"has {count} wrong bytes at {offset} of {path}");
        for (int i = 0; i < count; i++)
            Disk.Flip(path, offset + i, (byte)(1 << chance.Next(8)));
        _isMarkRotten |= path.EndsWith(WalMarkFile.Name, StringComparison.Ordinal);
        return true;
    }

    /// <summary>Lets sectors be what they were before they were written: zeros.</summary>
    /// <remarks>
    /// Not the last ones. A log that merely ends early looks like one that never was longer, and no checksum in it can
    /// tell; its peers can, by what it has acknowledged (see <c>KnownPeers</c>), as long as one of them remembers.
    /// </remarks>
    private bool TryLoseWrite(string path, bool isMisdirected, Chance chance)
    {
        int sectors = (BytesIn(path) - 1) / MemoryFileSystem.SectorBytes;
        int first = WalSegmentHeader.PageBytes / MemoryFileSystem.SectorBytes;
        if (sectors <= first)
            return false;

        int count = (int)chance.LogUniform(1, Math.Min(8, sectors - first));
        int from = (int)chance.Between(first, sectors - count);
        int to = (int)chance.Between(first, sectors - count);
        byte[] written = Disk.ReadAll(path)
            .AsSpan(from * MemoryFileSystem.SectorBytes, count * MemoryFileSystem.SectorBytes).ToArray();
        Cluster.World.Trace.Add(
            Name, $"has lost {count} sectors from {from} on of {path}{(isMisdirected ? $", which are at {to}" : "")}");
        Disk.Put(path, from * MemoryFileSystem.SectorBytes, new byte[written.Length]);
        if (isMisdirected)
            Disk.Put(path, to * MemoryFileSystem.SectorBytes, written);
        return true;
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
        // Slow disks are a fault; without it an election timeout that is too short for the disk would be a mistake.
        usual = Math.Min(usual * _diskPace, Span.Of(Cluster.Plan.ElectionTimeout) / 4);
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
        IsBeyondRepair = IsDamaged && !IsRepairable && reason is LogCorruptedException;
        if (IsBeyondRepair)
            Cluster.Checks.Replacements++;
        EndProcess();
        if (reason is PowerCutException)
            CutPowerOfDisk();
        else
            Disk.Kill();
        if (reason is not null)
            Cluster.Checks.OnStopped(this, reason);
    }

    public override string ToString() => Name;

    private MemoryFileSystem CreateDisk()
    {
        MemoryFileSystem disk = new();
        disk.CreateDirectory("/" + Name);
        return disk;
    }

    private int BytesIn(string path) => Disk.ReadAll(path).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;

    private void CutPowerOfDisk()
    {
        _hasLostPower = true;
        Disk.CutPower(new ChancedCrash(Chance.Fork("crash", Disk.Calls)));
    }

    private void EndProcess()
    {
        SimulatedProcess process = Process!;
        Cluster.Checks.OnEnding(process);
        process.End();
        Process = null;
        Cluster.OnDown(this);
    }
}
