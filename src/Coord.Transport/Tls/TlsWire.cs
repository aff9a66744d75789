using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Coord.Raft;
using Coord.Transport.Connections;
using Coord.Transport.Framing;

namespace Coord.Transport.Tls;

/// <summary>TLS over TCP, with a certificate on each side.</summary>
internal sealed class TlsWire : Wire
{
    private readonly Socket _socket;
    private readonly TlsContext _context;
    private readonly bool _isServer;
    private readonly X509Certificate2Collection _sent = [];
    private SslStream? _stream;
    private X509Certificate2? _peer;
    private TlsMaterial? _checkedWith;
    private DateTimeOffset _notAfter;
    private string? _failure;

    private TlsWire(Socket socket, TlsContext context, bool isServer)
    {
        _socket = socket;
        _context = context;
        _isServer = isServer;
        RemoteAddress = socket.RemoteEndPoint?.ToString() ?? "nowhere";
    }

    /// <inheritdoc/>
    public override bool IsSendCheap => false; // Encrypting is not for the node's own loop.

    /// <inheritdoc/>
    public override string RemoteAddress { get; }

    /// <summary>Secures a connection that this member dialled.</summary>
    /// <exception cref="HandshakeException">The peer's certificate is not to be trusted.</exception>
    public static Task<Wire> ConnectAsync(Socket socket, TlsContext context, string host)
    {
        TlsWire wire = new(socket, context, isServer: false);
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = host,
            ClientCertificateContext = context.Material.Own,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            RemoteCertificateValidationCallback = wire.Check,
            AllowRenegotiation = false,
            // A resumed session would skip the look at the certificate.
            AllowTlsResume = false,
            CipherSuitesPolicy = context.Suites,
        };
        return wire.AuthenticateAsync(stream => stream.AuthenticateAsClientAsync(options));
    }

    /// <summary>Secures a connection that this member accepted.</summary>
    /// <exception cref="HandshakeException">The peer's certificate is not to be trusted.</exception>
    public static Task<Wire> AcceptAsync(Socket socket, TlsContext context)
    {
        TlsWire wire = new(socket, context, isServer: true);
        SslServerAuthenticationOptions options = new()
        {
            ServerCertificateContext = context.Material.Own,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            RemoteCertificateValidationCallback = wire.Check,
            AllowRenegotiation = false,
            AllowTlsResume = false,
            CipherSuitesPolicy = context.Suites,
        };
        return wire.AuthenticateAsync(stream => stream.AuthenticateAsServerAsync(options));
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => _stream!.ReadAsync(buffer);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer)
    {
        await _stream!.WriteAsync(buffer).ConfigureAwait(false);
        return buffer.Length;
    }

    /// <inheritdoc/>
    public override string? Problem()
    {
        if (_context.Now > _notAfter)
            return "Its certificate has expired.";
        if (_context.Material is var material && material == _checkedWith)
            return null;

        // The authorities or the revocation lists have changed since.
        string? problem = material.Check(_peer!, _sent, !_isServer, _context.Now, out _notAfter);
        _checkedWith = material;
        return problem;
    }

    /// <inheritdoc/>
    public override string? CheckIdentity(NodeId peer, string host)
    {
        if (_context.Options.TrustsAnyCertificate)
            return null;

        // Subject alternative names alone: a common name is free text, and a look-up of names can be made to lie.
        bool isHost = host.Length > 0 && _peer!.MatchesHostname(host, allowWildcards: true, allowCommonName: false);
        if (isHost || _context.Options.AllowedNames.Any(
            name => _peer!.MatchesHostname(name, allowWildcards: false, allowCommonName: false)))
        {
            return null;
        }

        return $"The certificate of {_peer!.Subject} is not for {(host.Length > 0 ? host : "an allowed name")}, " +
            $"where {peer} is.";
    }

    /// <inheritdoc/>
    public override void Abort() => _socket.Dispose();

    /// <inheritdoc/>
    public override void Dispose()
    {
        Abort(); // First, or closing would try to say farewell to a peer that may not read.
        _stream?.Dispose();
        base.Dispose();
    }

    private async Task<Wire> AuthenticateAsync(Func<SslStream, Task> authenticate)
    {
        _stream = new SslStream(new NetworkStream(_socket, ownsSocket: true), leaveInnerStreamOpen: false);
        try
        {
            await authenticate(_stream).ConfigureAwait(false);
            return this;
        }
        catch (Exception e)
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
            if (_failure is not null && e is AuthenticationException)
                throw new HandshakeException(new Refusal(RefusalReason.Certificate, _failure), isByPeer: false);

            throw;
        }
    }

    private bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        // The errors are judged by the system's authorities, which do not count here; only that there is a certificate.
        if (certificate is null)
        {
            _failure = "It has no certificate.";
            return false;
        }

        _peer = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        foreach (X509Certificate2 other in chain?.ChainPolicy.ExtraStore ?? [])
            _sent.Add(X509CertificateLoader.LoadCertificate(other.RawDataMemory.Span));

        TlsMaterial material = _context.Material;
        _failure = material.Check(_peer, _sent, isServer: !_isServer, _context.Now, out _notAfter);
        _checkedWith = material;
        return _failure is null;
    }
}
