namespace Coord.Kv.Commands;

/// <summary>What a step of a transaction does; see FORMAT.md.</summary>
internal enum OperationKind : byte
{
    None = 0,
    Put = 1,
    Get = 2,
    Delete = 3,
    Nested = 4,
}
