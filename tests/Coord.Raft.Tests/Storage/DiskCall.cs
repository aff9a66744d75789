namespace Coord.Raft.Tests.Storage;

/// <summary>A kind of file operation, for counting and for choosing which one fails.</summary>
internal enum DiskCall
{
    Open,
    Read,
    Write,
    Sync,
    ZeroFill,
    Rename,
    Delete,
    List,
    SyncDirectory,
}
