namespace Coord.Kv;

/// <summary>A checksum of all versions up to a revision; equal on all members that hold the same data.</summary>
/// <param name="Hash">The checksum (CRC-32C).</param>
/// <param name="HashRevision">The revision up to which versions count.</param>
/// <param name="CompactedRevision">The compacted revision of the member; hashes compare if it is equal too.</param>
/// <param name="Revision">The present revision.</param>
public readonly record struct KeyValueHash(
    uint Hash, Revision HashRevision, Revision CompactedRevision, Revision Revision);
