using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>A handshake failed with a reason that both sides know.</summary>
/// <param name="refusal">The reason.</param>
/// <param name="isByPeer">Whether the peer refused; otherwise this side did.</param>
internal sealed class HandshakeException(Refusal refusal, bool isByPeer) : Exception(refusal.Text)
{
    /// <summary>Gets the reason.</summary>
    public Refusal Refusal => refusal;

    /// <summary>Gets a value indicating whether the peer refused.</summary>
    public bool IsByPeer => isByPeer;
}
