namespace Coord.Kv.Mvcc;

/// <summary>When a version was made: the revision, and its place among the changes of that revision.</summary>
internal readonly record struct Stamp(long Revision, int Sub) : IComparable<Stamp>
{
    public static bool operator <(Stamp left, Stamp right) => left.CompareTo(right) < 0;

    public static bool operator >(Stamp left, Stamp right) => left.CompareTo(right) > 0;

    public static bool operator <=(Stamp left, Stamp right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Stamp left, Stamp right) => left.CompareTo(right) >= 0;

    public int CompareTo(Stamp other) =>
        Revision != other.Revision ? Revision.CompareTo(other.Revision) : Sub.CompareTo(other.Sub);

    public override string ToString() => $"r{Revision}.{Sub}";
}
