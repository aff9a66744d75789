using System.Security.Cryptography;
using System.Text;
using Coord.Transport.Connections;
using Coord.Transport.Diagnostics;
using Coord.Transport.Discovery;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Transport;

/// <summary>Nodes that know one URL find each other and form one cluster, whatever order they start in.</summary>
/// <remarks>
/// The protocol is that of etcd's public discovery service, so the service may be a Coord host's or etcd's. Each node
/// registers its peer URLs; those with the lowest indices, as many as the token is for, are the cluster. A node that
/// is not among them is told so, or joins as a learner if <see cref="DiscoveryOptions.JoinIfFull"/> says so.
/// </remarks>
public sealed class DiscoveryBootstrap : IClusterBootstrap
{
    private readonly DiscoveryOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Entropy _entropy;

    /// <summary>Creates a bootstrap that asks nobody yet.</summary>
    /// <param name="options">Which token, and how patient to be.</param>
    /// <param name="timeProvider">The time; that of the system by default.</param>
    /// <param name="loggerFactory">Where to log what is waited for; nowhere by default.</param>
    /// <exception cref="ArgumentException">The options contradict themselves; the message says how.</exception>
    public DiscoveryBootstrap(
        DiscoveryOptions options, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem)
            throw new ArgumentException(problem, nameof(options));

        _options = options;
        _timeProvider = timeProvider ?? TimeProvider.System;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<DiscoveryBootstrap>();
        _entropy = new Entropy(options.Transport.Seed);
    }

    /// <inheritdoc/>
    public async ValueTask<BootstrapResult> FindAsync(BootstrapNode self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        if (!DiscoveryUrl.TryParse(_options.Url, out DiscoveryUrl? url))
        {
            throw new BootstrapException(
                "The discovery URL is none: write http or https, host and token, as coordctl discovery new prints it.");
        }

        HttpMessageHandler handler = _options.Handler ?? _options.CreateHandler();
        using HttpClient http = new(handler, disposeHandler: _options.Handler is null)
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        Retry retry = new(url, _options, _entropy, _timeProvider, _logger);
        DiscoveryClient client = new(http, url, _options, _timeProvider);
        Registrar registrar = new(client, retry, url, self, _logger);
        IReadOnlyList<NamedUrls>? sealedList = await registrar.JoinAsync(cancellationToken).ConfigureAwait(false);
        byte[] admission = AdmissionOf(url.Text);
        if (sealedList is not null)
        {
            BootstrapResult result = ClusterIds.Resolve(sealedList, url.Text, self, $"The list of {url}");
            Log.DiscoveryComplete(_logger, result.ClusterId, sealedList.Count);
            return result with { Admission = admission };
        }

        if (!_options.JoinIfFull)
        {
            throw new BootstrapException(
                $"The cluster is full ({registrar.Size} of {registrar.Size}): {registrar.Size} other nodes have taken "
                + $"the places of {url}. Add this one to the running cluster (coordctl member add), or let it join "
                + "as a learner.");
        }

        Latecomer latecomer = new(_options.Transport, retry, admission, _logger);
        return await latecomer.JoinAsync(self, registrar.Listed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What members and latecomers of one token have in common without keeping the token itself.</summary>
    private static byte[] AdmissionOf(string url) =>
        SHA256.HashData(Encoding.UTF8.GetBytes("coord admission of a learner\n" + url));
}
