using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>A disk in memory that fails on demand and forgets, in a power cut, what was not synced.</summary>
/// <remarks>
/// Contents and names are durable apart from each other. A write is durable, sector by sector, when its file has been
/// synced; before that a power cut keeps or drops each of its sectors as the <see cref="ICrashPolicy"/> decides. A
/// change of a name is durable when its directory has been synced. A sync that fails drops what it should have
/// written, and the next one reports success: that is what ext4, XFS and Btrfs do. Directories themselves are durable
/// at once. Deterministic, and free of anything that belongs to a test framework, for the simulator to use as well.
/// </remarks>
internal sealed class MemoryFileSystem : IFileSystem
{
    public const int SectorBytes = 512;

    private readonly Lock _lock = new();
    private readonly SortedSet<string> _directories = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, MemoryInode> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, MemoryInode> _durableNames = new(StringComparer.Ordinal);
    private readonly List<NameChange> _pendingNames = [];
    private readonly HashSet<string> _locks = [];
    private readonly long[] _calls = new long[Enum.GetValues<DiskCall>().Length];
    private long _failAt = -1;
    private long _cutAt = -1;
    private string _failure = "";
    private DiskCall? _failingKind;

    /// <summary>Gets the number of operations so far, those that failed included.</summary>
    public long Calls { get; private set; }

    /// <summary>Gets a value indicating whether the failure that was asked for has happened.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Gets a value indicating whether the power is off.</summary>
    public bool IsOff { get; private set; }

    /// <summary>Gets or sets how many bytes may be allocated in all.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Gets or sets what is told of each operation before it is carried out, and may fail it.</summary>
    public Action<DiskCall, string>? OnCall { get; set; }

    /// <summary>Gets or sets what <see cref="DescribeUnsafePermissions"/> answers.</summary>
    public string? UnsafePermissions { get; set; }

    /// <summary>Gets the number that changes when the processes die, and that their open files carry.</summary>
    internal int Boot { get; private set; }

    /// <summary>Returns how often an operation was called.</summary>
    public long CallsOf(DiskCall call) => _calls[(int)call];

    /// <summary>Lets one operation fail: the n-th from now on, of one kind or of any.</summary>
    public void FailAt(long n, string failure = "Input/output error", DiskCall? kind = null)
    {
        _failingKind = kind;
        _failAt = (kind is { } only ? CallsOf(only) : Calls) + n;
        _failure = failure;
        HasFailed = false;
    }

    /// <summary>Takes back what was to fail and has not yet.</summary>
    public void Disarm() => (_failAt, _cutAt) = (-1, -1);

    /// <summary>Cuts the power instead of carrying out the n-th operation from now on.</summary>
    public void CutPowerAt(long n) => _cutAt = Calls + n;

    /// <summary>Ends the process: what it wrote is still in the kernel's memory, its files and locks are not.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            Boot++;
            _locks.Clear();
            Disarm();
        }
    }

    /// <summary>Cuts the power and switches it on again.</summary>
    public void CutPower(ICrashPolicy policy)
    {
        Kill();
        lock (_lock)
        {
            IsOff = false;
            foreach (NameChange change in _pendingNames)
            {
                if (policy.KeepsName(change.Path))
                    change.Apply(_durableNames);
            }

            _pendingNames.Clear();
            HashSet<MemoryInode> crashed = [];
            foreach ((string path, MemoryInode inode) in _durableNames)
            {
                if (crashed.Add(inode))
                    inode.Crash(path, policy);
            }

            _names.Clear();
            foreach ((string path, MemoryInode inode) in _durableNames)
                _names.Add(path, inode);
        }
    }

    /// <summary>Returns a copy of what a file holds.</summary>
    public byte[] ReadAll(string path) => _names[path].ToArray();

    /// <summary>Replaces what a file holds, durably and behind everybody's back.</summary>
    public void Overwrite(string path, byte[] contents) => _names[path].Overwrite(contents);

    /// <summary>Changes bits of one byte, durably and behind everybody's back.</summary>
    public void Flip(string path, long offset, byte mask) => _names[path].Flip(offset, mask);

    /// <summary>Replaces some of what a file holds, durably and behind everybody's back.</summary>
    public void Put(string path, long offset, byte[] bytes) => _names[path].Put(offset, bytes);

    /// <summary>Removes a file durably and behind everybody's back.</summary>
    public void Remove(string path)
    {
        _names.Remove(path);
        _durableNames.Remove(path);
    }

    /// <summary>Returns the paths of all files.</summary>
    public IReadOnlyList<string> Paths => [.. _names.Keys];

    /// <summary>Returns a copy with the same contents and names, all durable.</summary>
    public MemoryFileSystem Clone()
    {
        MemoryFileSystem clone = new();
        clone._directories.UnionWith(_directories);
        foreach ((string path, MemoryInode inode) in _names)
        {
            MemoryInode copy = new();
            copy.Overwrite(inode.ToArray());
            clone._names.Add(path, copy);
            clone._durableNames.Add(path, copy);
        }

        return clone;
    }

    public IFile Open(string path, FileAccessMode mode, SyncStrategy strategy = SyncStrategy.DataSync)
    {
        lock (_lock)
        {
            Count(DiskCall.Open, path);
            bool exists = _names.TryGetValue(path, out MemoryInode? inode);
            if (mode is FileAccessMode.CreateNew)
            {
                if (exists)
                    throw new IOException($"{path} exists.");

                RequireDirectory(path);
                inode = new MemoryInode();
                Change(new NameChange(path, inode, null));
            }

            if (inode is null)
                throw new FileNotFoundException($"{path} does not exist.", path);

            return new MemoryFile(this, inode, path, mode, strategy, Boot);
        }
    }

    public bool FileExists(string path)
    {
        RequirePower();
        return _names.ContainsKey(path);
    }

    public bool DirectoryExists(string path)
    {
        RequirePower();
        return _directories.Contains(path);
    }

    public void CreateDirectory(string path)
    {
        RequirePower();
        for (string? directory = path; !string.IsNullOrEmpty(directory); directory = Path.GetDirectoryName(directory))
            _directories.Add(directory);
    }

    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_lock)
        {
            Count(DiskCall.List, directory);
            return [.. _names.Keys.Where(path => IsIn(path, directory)).Select(Path.GetFileName)!];
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            Count(DiskCall.Rename, from);
            if (!_names.TryGetValue(from, out MemoryInode? inode))
                throw new FileNotFoundException($"{from} does not exist.", from);

            Change(new NameChange(to, inode, from));
        }
    }

    public void Delete(string path)
    {
        lock (_lock)
        {
            Count(DiskCall.Delete, path);
            Change(new NameChange(path, null, null));
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_lock)
        {
            Count(DiskCall.SyncDirectory, path);
            foreach (NameChange change in _pendingNames.Where(change => IsIn(change.Path, path)))
                change.Apply(_durableNames);

            _pendingNames.RemoveAll(change => IsIn(change.Path, path));
        }
    }

    public IDisposable? TryLock(string path)
    {
        lock (_lock)
        {
            Count(DiskCall.Open, path);
            RequireDirectory(path);
            if (!_locks.Add(path))
                return null;

            if (!_names.ContainsKey(path))
                Change(new NameChange(path, new MemoryInode(), null));
            return new HeldLock(this, path, Boot);
        }
    }

    public string? DescribeUnsafePermissions(string directory) => UnsafePermissions;

    /// <summary>Counts an operation, and lets it fail if it is its turn.</summary>
    /// <exception cref="IOException">It is.</exception>
    internal void Count(DiskCall call, string path)
    {
        RequirePower();
        if (Calls++ == _cutAt)
        {
            IsOff = true;
            throw new PowerCutException();
        }

        OnCall?.Invoke(call, path);
        long number = _failingKind is null ? Calls - 1 : _failingKind == call ? CallsOf(call) : -1;
        _calls[(int)call]++;
        if (number >= 0 && number == _failAt)
        {
            HasFailed = true;
            throw new IOException($"{call} of {path} failed: {_failure}.");
        }
    }

    /// <summary>Fails if a file grows beyond what the disk has.</summary>
    internal void Allocate(long growth)
    {
        if (growth <= 0 || Capacity == long.MaxValue)
            return;

        if (_names.Values.Distinct().Sum(inode => inode.Length) + growth > Capacity)
            throw new IOException("No space left on device.");
    }

    private static bool IsIn(string path, string directory) =>
        Path.GetDirectoryName(path.AsSpan()).SequenceEqual(directory);

    private void Change(NameChange change)
    {
        change.Apply(_names);
        _pendingNames.Add(change);
    }

    private void RequireDirectory(string path)
    {
        if (!_directories.Contains(Path.GetDirectoryName(path)!))
            throw new IOException($"The directory of {path} does not exist.");
    }

    private void RequirePower()
    {
        if (IsOff)
            throw new PowerCutException();
    }

    private sealed class HeldLock(MemoryFileSystem fileSystem, string path, int boot) : IDisposable
    {
        public void Dispose()
        {
            if (boot == fileSystem.Boot)
                fileSystem._locks.Remove(path);
        }
    }

    /// <summary>A name that now stands for a file, or for none; for a rename also the name that is gone.</summary>
    private sealed record NameChange(string Path, MemoryInode? Inode, string? From)
    {
        public void Apply(SortedDictionary<string, MemoryInode> names)
        {
            if (From is not null)
                names.Remove(From);
            if (Inode is null)
                names.Remove(Path);
            else
                names[Path] = Inode;
        }
    }
}
