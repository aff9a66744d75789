using Coord.Raft.Core;

namespace Coord.Raft.Driver;

/// <summary>What an owner loop owns or feeds.</summary>
/// <param name="Core">The recovered core.</param>
/// <param name="Peers">Who is known by which data directory.</param>
/// <param name="Storage">The loop of the log.</param>
/// <param name="Apply">The loop of the state machine.</param>
/// <param name="Save">The loop that writes snapshots.</param>
/// <param name="Transfer">The loop that sends and receives them.</param>
internal sealed record DriverParts(
    RaftCore Core, KnownPeers Peers, StorageLoop Storage, ApplyLoop Apply, SnapshotSaveLoop Save,
    SnapshotTransferLoop Transfer);
