namespace Coord.Kv.Commands;

/// <summary>A command as it travels through the log; the memory is borrowed from its entry.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Key">Put, delete: the key, or the first key.</param>
/// <param name="Value">Put: the value. Delete: the end of the range.</param>
/// <param name="ReturnPrevious">Put, delete: whether the result carries what was there before.</param>
/// <param name="Policy">Put, delete: the bounds.</param>
/// <param name="Revision">Compact: the oldest revision to keep.</param>
internal readonly record struct Command(
    CommandKind Kind,
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Value,
    bool ReturnPrevious,
    WritePolicy Policy,
    long Revision)
{
    public static Command Put(
        ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, bool returnPrevious, WritePolicy policy) =>
        new(CommandKind.Put, key, value, returnPrevious, policy, Revision: 0);

    public static Command Delete(KeyRange range, bool returnPrevious, WritePolicy policy) =>
        new(CommandKind.Delete, range.Key, range.RangeEnd, returnPrevious, policy, Revision: 0);

    public static Command Compact(long revision) =>
        new(CommandKind.Compact, default, default, ReturnPrevious: false, default, revision);
}
