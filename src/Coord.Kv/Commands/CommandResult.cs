namespace Coord.Kv.Commands;

/// <summary>What applying a command answered.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Number">
/// Of a deletion the count, of a transaction 1 if it succeeded; of a refusal what <see cref="CommandStatus"/> says.
/// </param>
/// <param name="Body">What else there is, by the kind of command; <see cref="ResultCodec"/> reads it.</param>
internal readonly record struct CommandResult(CommandStatus Status, long Number, ReadOnlyMemory<byte> Body)
{
    /// <summary>Gets the versions before, if asked for.</summary>
    public IReadOnlyList<KeyValue> Previous => ResultCodec.ReadVersions(Body);
}
