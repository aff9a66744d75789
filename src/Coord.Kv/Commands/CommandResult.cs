namespace Coord.Kv.Commands;

/// <summary>What applying a command answered.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Number">Of a deletion the count; of a refusal what <see cref="CommandStatus"/> says.</param>
/// <param name="Previous">The versions before, if asked for.</param>
internal readonly record struct CommandResult(CommandStatus Status, long Number, IReadOnlyList<KeyValue> Previous);
