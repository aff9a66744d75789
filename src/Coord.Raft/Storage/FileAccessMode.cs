namespace Coord.Raft.Storage;

/// <summary>What opening a file expects and permits.</summary>
internal enum FileAccessMode : byte
{
    /// <summary>The file exists; it is only read.</summary>
    Read,

    /// <summary>The file exists; it is read and written.</summary>
    ReadWrite,

    /// <summary>The file does not exist; it is created, for its owner alone, and read and written.</summary>
    CreateNew,
}
