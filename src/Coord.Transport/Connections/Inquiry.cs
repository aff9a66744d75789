using System.Net.Sockets;
using Coord.Transport.Framing;
using Coord.Transport.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Transport.Connections;

/// <summary>
/// A question to a member by who is none yet: a connection of its own, for one frame in each direction.
/// </summary>
internal static class Inquiry
{
    /// <exception cref="TransportException">Nobody answered, or not as a member would.</exception>
    public static Task<PeerRoster> AskAsync(
        PeerAddress address, TcpTransportOptions options, CancellationToken cancellationToken) =>
        AskAsync(address, options, RosterCodec.EncodeInquiry(), cancellationToken);

    /// <summary>Asks a member to let one's own address in as a learner.</summary>
    /// <exception cref="TransportException">Nobody answered, or the member refused; the message says why.</exception>
    public static Task<PeerRoster> EnlistAsync(
        PeerAddress member, TcpTransportOptions options, ReadOnlySpan<byte> secret, string ownAddress,
        CancellationToken cancellationToken) =>
        AskAsync(member, options, EnlistmentCodec.Encode(secret, ownAddress), cancellationToken);

    private static async Task<PeerRoster> AskAsync(
        PeerAddress address, TcpTransportOptions options, byte[] question, CancellationToken cancellationToken)
    {
        TlsContext? tls = options.Tls is null
            ? null
            : new TlsContext(options.Tls, TimeProvider.System, NullLogger.Instance);
        ConnectionContext context = new(options, TimeProvider.System, NullLogger.Instance) { Tls = tls };
        using CancellationTokenSource deadline = new(
            options.ConnectTimeout + options.HandshakeTimeout, TimeProvider.System);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            tls?.Start();
            return await AskAsync(address, context, question, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not TransportException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TransportException(
                deadline.IsCancellationRequested
                    ? $"{address} did not answer in time."
                    : $"{address} does not tell who is in its cluster: {exception.Message}",
                exception);
        }
        finally
        {
            context.Metrics.Dispose();
            if (tls is not null)
                await tls.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<PeerRoster> AskAsync(
        PeerAddress address, ConnectionContext context, byte[] question, CancellationToken cancellationToken)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port, cancellationToken).ConfigureAwait(false);
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static s => ((Socket)s!).Dispose(), socket);
        Wire wire = context.Tls is null
            ? new SocketWire(socket)
            : await TlsWire.ConnectAsync(socket, context.Tls, address.Host).ConfigureAwait(false);
        return await Handshake.InquireAsync(context, wire, address.Host, question).ConfigureAwait(false);
    }
}
