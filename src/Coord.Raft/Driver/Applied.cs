namespace Coord.Raft.Driver;

/// <summary>What the apply loop tells the owner loop, in the order in which it happened.</summary>
/// <param name="Last">The last entry applied.</param>
/// <param name="MembershipEntry">The entry <paramref name="Last"/> itself, if it changes the membership.</param>
/// <param name="Capture">The state as of <paramref name="Last"/>, if it was asked for.</param>
/// <param name="Restored">Whether the state was replaced by the snapshot that ends at <paramref name="Last"/>.</param>
internal readonly record struct Applied(
    EntryId Last, Entry? MembershipEntry = null, StateCapture? Capture = null, bool Restored = false);
