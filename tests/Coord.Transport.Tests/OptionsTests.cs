namespace Coord.Transport.Tests;

/// <summary>Options that contradict themselves are refused by name, and addresses are read as meant.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void The_defaults_run() => Assert.Null(new TcpTransportOptions().Problem());

    [Fact]
    public void Each_wrong_option_is_named()
    {
        Refused(o => o.ListenAddress = "no-number:7400", nameof(TcpTransportOptions.ListenAddress));
        Refused(o => o.ListenAddress = "7400", nameof(TcpTransportOptions.ListenAddress));
        Refused(o => o.AdvertisedAddress = "host", nameof(TcpTransportOptions.AdvertisedAddress));
        Refused(o => o.MaxFrameBytes = 1023, nameof(TcpTransportOptions.MaxFrameBytes));
        Refused(o => o.MaxFrameBytes = (16 * 1024 * 1024) + 1, nameof(TcpTransportOptions.MaxFrameBytes));
        Refused(o => o.MaxBulkQueueBytes = 0, "queues");
        Refused(o => o.HandshakeTimeout = TimeSpan.Zero, nameof(TcpTransportOptions.HandshakeTimeout));
        Refused(o => o.IdleTimeout = o.PingInterval, nameof(TcpTransportOptions.IdleTimeout));
        Refused(o => o.MaxReconnectDelay = TimeSpan.Zero, nameof(TcpTransportOptions.MaxReconnectDelay));
        Refused(o => o.MaxPendingHandshakes = 0, nameof(TcpTransportOptions.MaxPendingHandshakes));
        Refused(o => o.MaxUnknownPeers = -1, nameof(TcpTransportOptions.MaxUnknownPeers));
        Refused(o => o.Tls = new TlsOptions(), nameof(TlsOptions.CertificateFile));
        Refused(
            o => o.Tls = new TlsOptions { CertificateFile = "a.pem" }, nameof(TlsOptions.TrustedCertificateFiles));
    }

    [Theory]
    [InlineData("host:1", "host", 1)]
    [InlineData("10.0.0.1:65535", "10.0.0.1", 65535)]
    [InlineData("[::1]:7400", "::1", 7400)]
    public void An_address_is_read_and_written(string text, string host, int port)
    {
        Assert.True(PeerAddress.TryParse(text, out PeerAddress address));
        Assert.Equal(new PeerAddress(host, port), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":7400")]
    [InlineData("host")]
    [InlineData("host:")]
    [InlineData("host:x")]
    [InlineData("host:-1")]
    [InlineData("host:65536")]
    [InlineData("::1:7400")]
    [InlineData("[]:7400")]
    public void What_is_no_address_is_refused(string? text) => Assert.False(PeerAddress.TryParse(text, out _));

    [Fact]
    public void Listening_on_a_port_means_on_all_addresses()
    {
        TcpTransportOptions options = new();
        options.ListenOn(80);
        Assert.Equal("[::]:80", options.ListenAddress);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.ListenOn(65536));
    }

    private static void Refused(Action<TcpTransportOptions> change, string named)
    {
        TcpTransportOptions options = new();
        change(options);
        ArgumentException e = Assert.Throws<ArgumentException>(() => new TcpTransport(options));
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }
}
