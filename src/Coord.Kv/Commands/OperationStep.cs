namespace Coord.Kv.Commands;

/// <summary>One operation of a transaction as it stands in the log; the memory is borrowed.</summary>
/// <param name="Kind">What it does; decides which of the others count.</param>
/// <param name="Key">The key, or the first key.</param>
/// <param name="Value">Put: the value. Get, delete: the end of the range.</param>
/// <param name="Flags">How to put or delete.</param>
/// <param name="Lease">Put: the lease.</param>
/// <param name="Get">Get: how to read.</param>
/// <param name="Nested">Nested: which of the program's transactions.</param>
internal readonly record struct OperationStep(
    OperationKind Kind,
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Value,
    PutFlags Flags,
    long Lease,
    GetOptions? Get,
    int Nested);
