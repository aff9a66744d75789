using System.Net;
using Coord.Raft;
using Coord.Transport.Framing;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Tests;

/// <summary>Real transports on the loopback interface, each on a port that the system chose.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly List<TcpTransport> _transports = [];

    public List<TestReceiver> Receivers { get; } = [];

    public IReadOnlyList<TcpTransport> Transports => _transports;

    /// <summary>Options whose deadlines no slow machine reaches, for tests that are not about them.</summary>
    public static TcpTransportOptions PatientOptions() => new()
    {
        ListenAddress = "127.0.0.1:0",
        ConnectTimeout = TimeSpan.FromMinutes(1),
        HandshakeTimeout = TimeSpan.FromMinutes(1),
        PingInterval = TimeSpan.FromSeconds(20),
        IdleTimeout = TimeSpan.FromMinutes(1),
        FrameTimeout = TimeSpan.FromMinutes(1),
        MinReconnectDelay = TimeSpan.FromMilliseconds(5),
        MaxReconnectDelay = TimeSpan.FromMilliseconds(50),
        Seed = 1,
    };

    public static async Task<TestCluster> StartAsync(
        int count, Action<int, TcpTransportOptions>? configure = null, TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null)
    {
        TestCluster cluster = new();
        for (int i = 0; i < count; i++)
        {
            TcpTransportOptions options = PatientOptions();
            configure?.Invoke(i, options);
            await cluster.AddAsync(new TestReceiver((ulong)i + 1), options, timeProvider, loggerFactory);
        }

        cluster.Introduce();
        return cluster;
    }

    public async Task<TcpTransport> AddAsync(
        TestReceiver receiver, TcpTransportOptions options, TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null)
    {
        TcpTransport transport = new(options, timeProvider, loggerFactory);
        await transport.StartAsync(receiver, CancellationToken.None);
        _transports.Add(transport);
        Receivers.Add(receiver);
        return transport;
    }

    /// <summary>Tells all transports where all are.</summary>
    public void Introduce()
    {
        Member[] members = Members();
        foreach (TcpTransport transport in _transports)
            transport.UpdateMembers(members);
    }

    public Member[] Members() =>
        [.. _transports.Select((transport, i) => new Member(Receivers[i].Id, LogIndex.Zero, AddressOf(transport)))];

    public Task ConnectedAsync(int from, int to) => Eventually.IsTrueAsync(
        $"{Receivers[from].Id} is connected to {Receivers[to].Id}.", () => IsConnected(from, to));

    public bool IsConnected(int from, int to) =>
        _transports[from].Directory.Find(Receivers[to].Id) is { } link
        && link.IsConnected(Lane.Control) && link.IsConnected(Lane.Log) && link.IsConnected(Lane.Bulk);

    public Message Message(int from, int to, MessageKind kind = MessageKind.Heartbeat, int payload = 0) => new()
    {
        Kind = kind,
        From = Receivers[from].Id,
        To = Receivers[to].Id,
        Term = new Term(3),
        Payload = payload == 0 ? default : new byte[payload],
    };

    public Message Append(int from, int to, int entries, int payload) => Message(from, to, MessageKind.Append) with
    {
        Entries = Enumerable.Range(1, entries)
            .Select(i => new Entry(new EntryId(new(3), new(i)), EntryKind.Command, new byte[payload]))
            .ToArray(),
    };

    public static string AddressOf(TcpTransport transport) =>
        $"127.0.0.1:{((IPEndPoint)transport.LocalEndPoint!).Port}";

    public async ValueTask DisposeAsync()
    {
        foreach (TcpTransport transport in _transports)
            await transport.DisposeAsync();
    }
}
