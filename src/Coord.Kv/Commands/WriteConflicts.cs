namespace Coord.Kv.Commands;

/// <summary>Finds a key that a transaction puts twice, or puts and deletes, on one path. Pure; used once.</summary>
/// <remarks>
/// The lists are walked in etcd's order: a list's own deletions come first, then its inner transactions one after the
/// other, then its own puts. A put meets every write before it, except those in the other branch of an inner
/// transaction: only one of the two is done. So the first branch is taken out again while the second is walked.
/// Keys are replaced by their ranks, the deleted ranges are counted in a Fenwick tree, and of two branches the smaller
/// one is walked first: n writes cost O(n log² n), however they are nested. Comparing each put with each deletion took
/// minutes for what fits into one request.
/// </remarks>
internal sealed class WriteConflicts
{
    private readonly List<ReadOnlyMemory<byte>> _keys = [];
    private readonly ReadOnlyMemory<byte>[] _ranks;
    private readonly int[] _puts;
    private readonly int[] _deletions;

    private WriteConflicts(WriteList writes)
    {
        writes.AddKeysTo(_keys);
        _keys.Sort(KeyOrder.Instance);
        int count = 0;
        for (int i = 0; i < _keys.Count; i++)
        {
            if (count == 0 || !_keys[i].Span.SequenceEqual(_keys[count - 1].Span))
                _keys[count++] = _keys[i];
        }

        _ranks = [.. _keys.Take(count)];
        _puts = new int[count];
        _deletions = new int[count + 2];
    }

    /// <summary>Looks for one in a list of operations and all that is in them.</summary>
    /// <param name="operations">The operations; not nested deeper than a transaction may be.</param>
    /// <param name="key">The key, if there is one.</param>
    public static bool TryFind(IReadOnlyList<Operation> operations, out ReadOnlyMemory<byte> key)
    {
        WriteList writes = new(operations);
        key = default;
        return writes.Count > 1 && new WriteConflicts(writes).TryFind(writes, ref key);
    }

    private bool TryFind(WriteList writes, ref ReadOnlyMemory<byte> key)
    {
        foreach (KeyRange deletion in writes.Deletions)
            Delete(deletion, 1);

        foreach ((WriteList success, WriteList failure) in writes.Inner)
        {
            (WriteList small, WriteList large) =
                success.Count < failure.Count ? (success, failure) : (failure, success);
            if (TryFind(small, ref key))
                return true;

            Change(small, -1);
            if (TryFind(large, ref key))
                return true;

            Change(small, 1);
        }

        foreach (ReadOnlyMemory<byte> put in writes.Puts)
        {
            int rank = RankOf(put);
            if (_puts[rank] > 0 || IsDeleted(rank))
            {
                key = put;
                return true;
            }

            _puts[rank]++;
        }

        return false;
    }

    /// <summary>Puts a whole list back, or takes it out.</summary>
    private void Change(WriteList writes, int by)
    {
        foreach (KeyRange deletion in writes.Deletions)
            Delete(deletion, by);
        foreach (ReadOnlyMemory<byte> put in writes.Puts)
            _puts[RankOf(put)] += by;
        foreach ((WriteList success, WriteList failure) in writes.Inner)
        {
            Change(success, by);
            Change(failure, by);
        }
    }

    private int RankOf(ReadOnlyMemory<byte> key) => Array.BinarySearch(_ranks, key, KeyOrder.Instance);

    private void Delete(KeyRange range, int by)
    {
        int from = RankOf(range.Key);
        int end = range.IsSingleKey ? from + 1 : range.IsOpenEnded ? _ranks.Length : RankOf(range.RangeEnd);
        if (from >= end)
            return;

        Add(from, by);
        Add(end, -by);
    }

    /// <summary>Adds to all ranks from one on.</summary>
    private void Add(int rank, int by)
    {
        for (int i = rank + 1; i < _deletions.Length; i += i & -i)
            _deletions[i] += by;
    }

    private bool IsDeleted(int rank)
    {
        int deletions = 0;
        for (int i = rank + 1; i > 0; i -= i & -i)
            deletions += _deletions[i];
        return deletions > 0;
    }

    private sealed class KeyOrder : IComparer<ReadOnlyMemory<byte>>
    {
        public static KeyOrder Instance { get; } = new();

        public int Compare(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceCompareTo(y.Span);
    }

    /// <summary>The writes of a list of operations, sorted by what they are.</summary>
    private sealed class WriteList
    {
        public WriteList(IReadOnlyList<Operation> operations)
        {
            foreach (Operation operation in operations)
            {
                switch (operation)
                {
                    case PutOperation put: Puts.Add(put.Key); break;
                    case DeleteOperation delete: Deletions.Add(delete.Range); break;
                    case NestedOperation { Transaction: { } inner }: AddInner(inner); break;
                }
            }

            Count += Puts.Count + Deletions.Count;
        }

        public List<ReadOnlyMemory<byte>> Puts { get; } = [];

        public List<KeyRange> Deletions { get; } = [];

        public List<(WriteList Success, WriteList Failure)> Inner { get; } = [];

        /// <summary>Gets how many writes there are, those of inner transactions included.</summary>
        public int Count { get; private set; }

        public void AddKeysTo(List<ReadOnlyMemory<byte>> keys)
        {
            keys.AddRange(Puts);
            foreach (KeyRange deletion in Deletions)
            {
                keys.Add(deletion.Key);
                if (!deletion.IsSingleKey && !deletion.IsOpenEnded)
                    keys.Add(deletion.RangeEnd);
            }

            foreach ((WriteList success, WriteList failure) in Inner)
            {
                success.AddKeysTo(keys);
                failure.AddKeysTo(keys);
            }
        }

        private void AddInner(Transaction inner)
        {
            (WriteList success, WriteList failure) = (new(inner.Success), new(inner.Failure));
            if (success.Count + failure.Count == 0)
                return;

            Inner.Add((success, failure));
            Count += success.Count + failure.Count;
        }
    }
}
