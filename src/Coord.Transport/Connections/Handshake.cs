using Coord.Raft;
using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>The first exchange on a connection: who is there, whom it wants, and whether both agree to talk.</summary>
/// <remarks>Deadlines are the caller's: it aborts the wire, which ends whatever waits here.</remarks>
internal static class Handshake
{
    /// <summary>The oldest version of the protocol that is spoken.</summary>
    public const ushort MinVersion = 1;

    /// <summary>The newest version of the protocol that is spoken.</summary>
    public const ushort MaxVersion = 1;

    /// <summary>Introduces this member to a peer that it has connected to.</summary>
    /// <param name="context">The transport.</param>
    /// <param name="wire">The connection.</param>
    /// <param name="target">Whom it is meant to lead to.</param>
    /// <param name="host">The host that was dialled.</param>
    /// <param name="lane">What it is for.</param>
    /// <exception cref="HandshakeException">One of the two refused the other.</exception>
    public static async Task<Established> DialAsync(
        ConnectionContext context, Wire wire, NodeId target, string host, Lane lane)
    {
        FrameReader reader = new(wire, context.Blocks, context.Options.MaxFrameBytes, context.TimeProvider);
        try
        {
            PeerHello local = context.LocalHello();
            ulong nonce = context.Entropy.Next();
            Hello hello = new(MinVersion, MaxVersion, lane, target, nonce, local);
            await wire.SendAllAsync(HandshakeCodec.Encode(FrameKind.Hello, hello)).ConfigureAwait(false);

            (FrameHeader header, byte[] payload) = await reader.ReadHandshakeAsync().ConfigureAwait(false);
            if (header.Kind is FrameKind.Refusal)
                throw Refused(wire, target, host, HandshakeCodec.DecodeRefusal(payload));
            if (header.Kind is not FrameKind.Welcome || !HandshakeCodec.TryDecode(payload, out Hello welcome))
                throw new BadFrameException(FrameStatus.Unsupported);

            if (CheckWelcome(context, wire, welcome, hello, host) is { } refusal)
            {
                await wire.SendAllAsync(HandshakeCodec.Encode(lane, refusal)).ConfigureAwait(false);
                throw new HandshakeException(refusal, isByPeer: false);
            }

            return new Established(
                wire, reader, lane, welcome.Peer, nonce, welcome.ConnectionNonce);
        }
        catch
        {
            wire.Abort();
            reader.Complete();
            throw;
        }
    }

    /// <summary>Answers the introduction of a peer that has connected.</summary>
    /// <param name="context">The transport.</param>
    /// <param name="wire">The connection.</param>
    /// <param name="admit">What else decides about the peer; null lets it in.</param>
    /// <param name="roster">Tells who is in the cluster, to who asks before it belongs there.</param>
    /// <param name="enlist">Lets in as a learner who knows a secret, or says why not.</param>
    /// <returns>Null if it only asked, and was answered.</returns>
    /// <exception cref="HandshakeException">One of the two refused the other.</exception>
    public static async Task<Established?> AcceptAsync(
        ConnectionContext context, Wire wire, Func<Hello, Refusal?> admit, Func<PeerRoster> roster,
        Func<ReadOnlyMemory<byte>, string, Task<string?>> enlist)
    {
        FrameReader reader = new(wire, context.Blocks, context.Options.MaxFrameBytes, context.TimeProvider);
        try
        {
            (FrameHeader header, byte[] payload) = await reader.ReadHandshakeAsync().ConfigureAwait(false);
            bool isStranger = header.Kind is FrameKind.Inquiry && RosterCodec.IsInquiry(payload);
            if (header.Kind is FrameKind.Enlistment)
            {
                await EnlistAsync(wire, payload, enlist).ConfigureAwait(false);
                isStranger = true;
            }

            if (isStranger)
            {
                await wire.SendAllAsync(RosterCodec.Encode(roster())).ConfigureAwait(false);
                wire.Dispose();
                reader.Complete();
                return null;
            }

            bool isHello = header.Kind is FrameKind.Hello && HandshakeCodec.TryDecode(payload, out _);
            if (!isHello || !HandshakeCodec.TryDecode(payload, out Hello hello) || hello.Lane != header.Lane)
                throw new BadFrameException(FrameStatus.Unsupported);

            PeerHello local = context.LocalHello();
            Refusal? refusal = CheckHello(hello, local) ?? admit(hello);
            if (refusal is { } reason)
            {
                await wire.SendAllAsync(HandshakeCodec.Encode(hello.Lane, reason)).ConfigureAwait(false);
                throw new HandshakeException(reason, isByPeer: false);
            }

            ushort version = Math.Min(MaxVersion, hello.MaxVersion);
            ulong nonce = context.Entropy.Next();
            Hello welcome = new(version, version, hello.Lane, hello.Peer.NodeId, nonce, local);
            await wire.SendAllAsync(HandshakeCodec.Encode(FrameKind.Welcome, welcome)).ConfigureAwait(false);
            return new Established(
                wire, reader, hello.Lane, hello.Peer, nonce, hello.ConnectionNonce);
        }
        catch
        {
            wire.Abort();
            reader.Complete();
            throw;
        }
    }

    /// <summary>Asks a member who is in its cluster, without belonging there.</summary>
    /// <param name="context">What to read with; it need not be a started transport's.</param>
    /// <param name="wire">The connection, which this ends.</param>
    /// <param name="host">The host that was dialled.</param>
    /// <exception cref="HandshakeException">It is not who is meant to be there.</exception>
    /// <param name="question">An inquiry or an enlistment, as a whole frame.</param>
    public static async Task<PeerRoster> InquireAsync(
        ConnectionContext context, Wire wire, string host, byte[] question)
    {
        FrameReader reader = new(wire, context.Blocks, context.Options.MaxFrameBytes, context.TimeProvider);
        try
        {
            if (wire.CheckIdentity(NodeId.None, host) is { } problem)
                throw new HandshakeException(new Refusal(RefusalReason.Certificate, problem), isByPeer: false);

            await wire.SendAllAsync(question).ConfigureAwait(false);
            (FrameHeader header, byte[] payload) = await reader.ReadHandshakeAsync().ConfigureAwait(false);
            if (header.Kind is FrameKind.Refusal)
                throw new HandshakeException(HandshakeCodec.DecodeRefusal(payload), isByPeer: true);
            return header.Kind is FrameKind.Roster && RosterCodec.Decode(payload) is { } roster
                ? roster
                : throw new BadFrameException(FrameStatus.Unsupported);
        }
        finally
        {
            wire.Dispose();
            reader.Complete();
        }
    }

    /// <summary>Asks the node whether it will talk to a peer.</summary>
    public static Refusal? AskReceiver(ConnectionContext context, in PeerHello peer) =>
        context.Receiver.AcceptPeer(peer, out string? text)
            ? null
            : new Refusal(RefusalReason.Rejected, text ?? $"{context.LocalHello().NodeId} rejects {peer.NodeId}.");

    private static async Task EnlistAsync(
        Wire wire, byte[] payload, Func<ReadOnlyMemory<byte>, string, Task<string?>> enlist)
    {
        if (!EnlistmentCodec.TryDecode(payload, out ReadOnlyMemory<byte> secret, out string address))
            throw new BadFrameException(FrameStatus.Unsupported);

        string host = PeerAddress.Parse(address).Host;
        Refusal? refusal = wire.CheckIdentity(NodeId.None, host) is { } problem
            ? new Refusal(RefusalReason.Certificate, problem)
            : await enlist(secret, address).ConfigureAwait(false) is { } reason
                ? new Refusal(RefusalReason.Rejected, reason)
                : null;
        if (refusal is null)
            return;

        await wire.SendAllAsync(HandshakeCodec.Encode(Lane.Control, refusal.Value)).ConfigureAwait(false);
        throw new HandshakeException(refusal.Value, isByPeer: false);
    }

    /// <summary>That this member was removed is believed only of who proves to be the member that says so.</summary>
    private static HandshakeException Refused(Wire wire, NodeId target, string host, Refusal refusal) =>
        refusal.Reason is RefusalReason.Removed && wire.CheckIdentity(target, host) is { } problem
            ? new HandshakeException(new Refusal(RefusalReason.Certificate, problem), isByPeer: false)
            : new HandshakeException(refusal, isByPeer: true);

    private static Refusal? CheckHello(in Hello hello, in PeerHello local)
    {
        if (hello.MinVersion > MaxVersion || hello.MaxVersion < MinVersion)
        {
            return new Refusal(RefusalReason.Version,
                $"It speaks versions {hello.MinVersion} to {hello.MaxVersion}, {local.NodeId} {MinVersion} to " +
                $"{MaxVersion}; upgrade one version at a time.");
        }

        if (hello.Peer.ClusterId != local.ClusterId)
        {
            return new Refusal(RefusalReason.WrongCluster,
                $"It belongs to cluster {hello.Peer.ClusterId}, {local.NodeId} to cluster {local.ClusterId}.");
        }

        if (hello.Target != local.NodeId)
            return new Refusal(RefusalReason.WrongTarget, $"It looks for {hello.Target}; here lives {local.NodeId}.");
        if (hello.Peer.NodeId == local.NodeId)
            return new Refusal(RefusalReason.OwnId, $"It has the same node id, {local.NodeId}; ids are never shared.");

        return null;
    }

    private static Refusal? CheckWelcome(
        ConnectionContext context, Wire wire, in Hello welcome, in Hello hello, string host)
    {
        PeerHello peer = welcome.Peer;
        if (welcome.MaxVersion is < MinVersion or > MaxVersion)
            return new Refusal(RefusalReason.Version, $"It chose version {welcome.MaxVersion}, which was not offered.");
        if (peer.ClusterId != hello.Peer.ClusterId)
            return new Refusal(RefusalReason.WrongCluster, $"It belongs to cluster {peer.ClusterId}.");
        if (peer.NodeId != hello.Target || welcome.Lane != hello.Lane)
            return new Refusal(RefusalReason.WrongTarget, $"It is {peer.NodeId}, not {hello.Target}.");
        if (wire.CheckIdentity(peer.NodeId, host) is { } problem)
            return new Refusal(RefusalReason.Certificate, problem);

        return AskReceiver(context, peer);
    }
}
