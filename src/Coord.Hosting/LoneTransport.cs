using Coord.Raft;

namespace Coord.Hosting;

/// <summary>The transport of a node on its own: it has nobody to send to, and listens to nobody.</summary>
internal sealed class LoneTransport : IRaftTransport
{
    /// <inheritdoc/>
    public ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public bool TrySend(in Message message) => false;

    /// <inheritdoc/>
    public void Flush()
    {
    }

    /// <inheritdoc/>
    public void UpdateMembers(IReadOnlyList<Member> members)
    {
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}
