using System.Diagnostics;

namespace Coord.Kv.Mvcc;

/// <summary>
/// The versions of one key that are still needed, oldest first. Owned by the index; under the store's lock.
/// </summary>
internal sealed class KeyHistory(byte[] key)
{
    // Most keys have one version at a time; only keys that are overwritten grow an array worth the name.
    private KeyVersion?[] _versions = new KeyVersion?[1];
    private int _start;
    private int _count;

    public byte[] Key => key;

    public bool IsEmpty => _count == 0;

    /// <summary>Gets the newest version, a tombstone included; null if there is none.</summary>
    public KeyVersion? Newest => _count == 0 ? null : _versions[_start + _count - 1];

    /// <summary>Gets the newest version if the key exists now.</summary>
    public KeyVersion? Live => Newest is { IsTombstone: false } newest ? newest : null;

    public void Add(KeyVersion version)
    {
        Debug.Assert(ReferenceEquals(version.History, this), "A version belongs to its own key.");
        Debug.Assert(_count == 0 || version.Stamp > Newest!.Stamp, "Versions are added in order.");
        if (_start + _count == _versions.Length)
            MakeRoom();
        _versions[_start + _count] = version;
        _count++;
    }

    /// <summary>Returns the version of the key as of a revision; null if the key did not exist then.</summary>
    public KeyVersion? At(long revision) =>
        Before(new Stamp(revision, int.MaxValue)) is { IsTombstone: false } version ? version : null;

    /// <summary>Returns the newest version below a stamp, a tombstone included.</summary>
    public KeyVersion? Before(Stamp stamp)
    {
        int index = CountBefore(stamp) - 1;
        return index < 0 ? null : _versions[_start + index];
    }

    /// <summary>Forgets what is older than a stamp, and on request the version at the stamp too.</summary>
    public void RemoveBefore(Stamp stamp, bool inclusive)
    {
        int count = CountBefore(inclusive ? stamp with { Sub = stamp.Sub + 1 } : stamp);
        Array.Clear(_versions, _start, count);
        _start += count;
        _count -= count;
    }

    private int CountBefore(Stamp stamp)
    {
        // The newest is asked for nearly always.
        if (_count == 0 || _versions[_start + _count - 1]!.Stamp < stamp)
            return _count;

        int low = 0;
        int high = _count - 1;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_versions[_start + middle]!.Stamp < stamp)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private void MakeRoom()
    {
        // Sliding is paid for by the removals that made the gap, doubling by the additions since the last time.
        KeyVersion?[] target = _start > _count ? _versions : new KeyVersion?[Math.Max(2, _count * 2)];
        Array.Copy(_versions, _start, target, 0, _count);
        if (ReferenceEquals(target, _versions))
            Array.Clear(target, _count, target.Length - _count);
        _versions = target;
        _start = 0;
    }
}
