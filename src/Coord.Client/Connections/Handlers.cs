using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Coord.Client.Connections;

/// <summary>Sets up the HTTP/2 connections to one member.</summary>
internal static class Handlers
{
    public static SocketsHttpHandler Create(CoordClientOptions options, TimeProvider clock) => new()
    {
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = options.KeepAliveInterval,
        KeepAlivePingTimeout = options.KeepAliveTimeout,
        // etcd closes connections that are asked for a sign while nothing is under way on them.
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        UseProxy = false,
        SslOptions = TlsOf(options),
        // With a dialler of our own, a connection that cannot come up fails as such, and at once: the sign that the
        // call was never sent. It also keeps gRPC's own choice of connections, with its long pauses, out of the way.
        ConnectCallback = (context, cancellationToken) =>
            DialAsync(context, options.ConnectTimeout, clock, cancellationToken),
    };

    private static async ValueTask<Stream> DialAsync(
        SocketsHttpConnectionContext context,
        TimeSpan timeout,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using CancellationTokenSource limit = new(timeout, clock);
            using CancellationTokenSource both =
                CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, both.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                throw new SocketException((int)SocketError.TimedOut);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions TlsOf(CoordClientOptions options)
    {
        SslClientAuthenticationOptions tls = new();
        if (options.CertificateFile is { } certificate)
        {
            tls.ClientCertificates =
                [X509Certificate2.CreateFromPemFile(certificate, options.KeyFile ?? certificate)];
        }

        if (options.SkipServerVerification)
        {
#pragma warning disable CA5359 // the caller asked for it by name
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (options.TrustedCertificateFile is { } file)
        {
            X509Certificate2Collection trusted = [];
            trusted.ImportFromPemFile(file);
            X509ChainPolicy policy = new()
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.AddRange(trusted);
            tls.CertificateChainPolicy = policy;
        }

        return tls;
    }
}
