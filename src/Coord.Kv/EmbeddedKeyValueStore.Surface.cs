namespace Coord.Kv;

public sealed partial class EmbeddedKeyValueStore
{
    /// <summary>Computes the checksum of this member's copy.</summary>
    /// <param name="revision">Up to which revision; zero for the present one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CompactedException">The revision has been compacted.</exception>
    /// <exception cref="FutureRevisionException">The revision does not exist yet.</exception>
    public ValueTask<KeyValueHash> HashAsync(
        Revision revision = default, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}
