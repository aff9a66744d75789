using System.Buffers.Binary;
using Coord.Kv.Mvcc;

namespace Coord.Kv.Backup;

/// <summary>Sorts any number of records with a bounded amount of memory, through a file if they are many.</summary>
/// <remarks>
/// What fills the memory is sorted and appended to the file as a run; at the end all runs are read side by side. Used
/// by one thread: first all are added, then all are read, once.
/// </remarks>
internal sealed class RecordSorter : IDisposable
{
    public const int DefaultMemoryBytes = 32 * 1024 * 1024;

    private const int RunBufferBytes = 64 * 1024;

    private readonly Comparer _comparer;
    private readonly string _directory;
    private readonly int _memoryBytes;
    private readonly List<(int Offset, int Bytes)> _places = [];
    private readonly List<(long Start, long End)> _runs = [];
    private byte[] _memory = new byte[64 * 1024];
    private int _used;
    private FileStream? _file;

    /// <summary>Creates a sorter.</summary>
    /// <param name="comparer">The order.</param>
    /// <param name="directory">Where the file is made, if one is needed.</param>
    /// <param name="memoryBytes">How much is sorted in memory.</param>
    public RecordSorter(Comparer comparer, string directory, int memoryBytes = DefaultMemoryBytes)
    {
        (_comparer, _directory, _memoryBytes) = (comparer, directory, memoryBytes);
    }

    /// <summary>An order of records.</summary>
    public delegate int Comparer(in SnapshotRecord left, in SnapshotRecord right);

    /// <summary>Takes records in their order; the memory is borrowed.</summary>
    public delegate void Visitor(in SnapshotRecord record);

    /// <summary>Orders by when a version was made.</summary>
    public static int ByStamp(in SnapshotRecord left, in SnapshotRecord right) => left.Stamp.CompareTo(right.Stamp);

    /// <summary>Orders by key, and versions of one key by when they were made.</summary>
    public static int ByKey(in SnapshotRecord left, in SnapshotRecord right)
    {
        int order = left.Key.SequenceCompareTo(right.Key);
        return order != 0 ? order : left.Stamp.CompareTo(right.Stamp);
    }

    public void Add(in SnapshotRecord record)
    {
        int bytes = record.Bytes;
        if (_used > 0 && _used + bytes > _memoryBytes)
            Spill();
        if (_used + bytes > _memory.Length)
            Array.Resize(ref _memory, Math.Max(_used + bytes, Math.Min(_memory.Length * 2, _memoryBytes)));
        record.WriteTo(_memory.AsSpan(_used));
        _places.Add((_used, bytes));
        _used += bytes;
    }

    /// <summary>Hands out all records in order.</summary>
    public void Visit(Visitor visit, CancellationToken cancellationToken)
    {
        if (_runs.Count == 0)
        {
            _places.Sort(Compare);
            foreach ((int offset, int bytes) in _places)
            {
                cancellationToken.ThrowIfCancellationRequested();
                visit(Parse(_memory.AsSpan(offset, bytes)));
            }

            return;
        }

        Spill();
        _file!.Flush();
        _memory = [];
        PriorityQueue<Run, Run> queue = new(Comparer<Run>.Create(Compare));
        foreach ((long start, long end) in _runs)
        {
            Run run = new(_file, start, end);
            if (run.MoveNext())
                queue.Enqueue(run, run);
        }

        while (queue.TryDequeue(out Run? run, out _))
        {
            cancellationToken.ThrowIfCancellationRequested();
            visit(Parse(run.Current));
            if (run.MoveNext())
                queue.Enqueue(run, run);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private static SnapshotRecord Parse(ReadOnlySpan<byte> bytes) =>
        SnapshotRecord.TryRead(bytes, out SnapshotRecord record)
            ? record
            : throw new IOException("A temporary file does not hold what was written to it.");

    private int Compare((int Offset, int Bytes) left, (int Offset, int Bytes) right) => _comparer(
        Parse(_memory.AsSpan(left.Offset, left.Bytes)), Parse(_memory.AsSpan(right.Offset, right.Bytes)));

    private int Compare(Run? left, Run? right) => _comparer(Parse(left!.Current), Parse(right!.Current));

    private void Spill()
    {
        _file ??= TemporaryFile.Create(_directory);
        _places.Sort(Compare);
        long start = _file.Position;
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach ((int offset, int bytes) in _places)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes);
            _file.Write(length);
            _file.Write(_memory.AsSpan(offset, bytes));
        }

        _runs.Add((start, _file.Position));
        _places.Clear();
        _used = 0;
    }

    /// <summary>A sorted part of the file while it is read.</summary>
    private sealed class Run(FileStream file, long position, long end)
    {
        private byte[] _buffer = new byte[RunBufferBytes];
        private long _position = position;
        private int _start;
        private int _end;
        private int _length;

        public ReadOnlySpan<byte> Current => _buffer.AsSpan(_start, _length);

        public bool MoveNext()
        {
            _start += _length;
            _length = 0;
            if (_start == _end && _position == end)
                return false;

            Fill(sizeof(int));
            int length = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(_start));
            Fill(sizeof(int) + length);
            _start += sizeof(int);
            _length = length;
            return true;
        }

        private void Fill(int bytes)
        {
            if (_end - _start >= bytes)
                return;

            byte[] target = bytes > _buffer.Length ? new byte[bytes] : _buffer;
            _buffer.AsSpan(_start, _end - _start).CopyTo(target);
            (_buffer, _start, _end) = (target, 0, _end - _start);
            while (_end < bytes)
            {
                int room = (int)Math.Min(_buffer.Length - _end, end - _position);
                int read = RandomAccess.Read(file.SafeFileHandle, _buffer.AsSpan(_end, room), _position);
                if (read == 0)
                    throw new IOException("A temporary file ends too early.");
                _position += read;
                _end += read;
            }
        }
    }
}
