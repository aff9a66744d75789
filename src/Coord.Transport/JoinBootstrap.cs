using Coord.Raft;
using Coord.Transport.Connections;
using Coord.Transport.Diagnostics;
using Coord.Transport.Discovery;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Transport;

/// <summary>A node joins a running cluster that it was added to, by asking any of its members who it is.</summary>
/// <remarks>
/// It finds itself among the members by its peer URL, and gets the id that it was added under. Members are asked at
/// their peer ports, with the peers' certificates.
/// </remarks>
public sealed class JoinBootstrap : IClusterBootstrap
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly PeerUrl[] _members;
    private readonly TcpTransportOptions _transport;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    /// <summary>Creates a bootstrap that asks nobody yet.</summary>
    /// <param name="memberUrls">
    /// Peer URLs of members, such as <c>http://10.0.0.1:2380</c>; one that runs is enough.
    /// </param>
    /// <param name="transport">How members are reached; without certificates by default.</param>
    /// <param name="timeProvider">The time; that of the system by default.</param>
    /// <param name="loggerFactory">Where to log what is waited for; nowhere by default.</param>
    /// <exception cref="ArgumentException">There is no URL, or one is none.</exception>
    public JoinBootstrap(
        IEnumerable<string> memberUrls, TcpTransportOptions? transport = null, TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(memberUrls);
        _members = [.. memberUrls.Select(PeerUrl.Parse)];
        if (_members.Length == 0)
            throw new ArgumentException("No member is named that could be asked.", nameof(memberUrls));

        _transport = transport ?? new TcpTransportOptions();
        _timeProvider = timeProvider ?? TimeProvider.System;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<JoinBootstrap>();
    }

    /// <summary>Gets or sets how long to go on asking before giving up.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public async ValueTask<BootstrapResult> FindAsync(BootstrapNode self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        PeerUrl[] own = [.. self.PeerUrls.Select(PeerUrl.Parse)];
        string problem = "";
        long start = _timeProvider.GetTimestamp();
        do
        {
            foreach (PeerUrl member in _members)
            {
                try
                {
                    PeerRoster roster = await Inquiry.AskAsync(
                        PeerAddress.Parse(member.Authority), _transport, cancellationToken).ConfigureAwait(false);
                    MemberAddress entry = roster.Members.FirstOrDefault(
                        candidate => own.Any(url => url.Authority == candidate.Address));
                    if (!entry.Id.IsNone)
                        return new BootstrapResult(roster.ClusterId, entry.Id, [], JoinsExisting: true);

                    problem = $"{member} knows no member at {string.Join(',', self.PeerUrls)}; add it first "
                        + "(coordctl member add).";
                }
                catch (TransportException exception)
                {
                    problem = exception.Message;
                }
            }

            Log.NotJoinedYet(_logger, problem);
            await Task.Delay(Pause, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
        while (_timeProvider.GetElapsedTime(start) < Patience);

        throw new BootstrapException($"The cluster cannot be joined. {problem}");
    }
}
