namespace Coord.Kv.Commands;

/// <summary>What a command does; see FORMAT.md.</summary>
internal enum CommandKind : byte
{
    None = 0,
    Put = 1,
    Delete = 2,
    Compact = 3,
}
