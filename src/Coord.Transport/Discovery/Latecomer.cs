using Coord.Raft;
using Coord.Transport.Connections;
using Coord.Transport.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Discovery;

/// <summary>Lets a node that found all places taken join the cluster as a learner, through any listed member.</summary>
/// <remarks>
/// Each attempt first asks who is in the cluster: a node that crashed after it was let in finds itself there.
/// </remarks>
internal sealed class Latecomer(TcpTransportOptions transport, Retry retry, byte[] secret, ILogger logger)
{
    /// <exception cref="BootstrapException">No member lets it in, or none was reached for too long.</exception>
    public async Task<BootstrapResult> JoinAsync(
        BootstrapNode self, IReadOnlyList<NamedUrls> listed, CancellationToken cancellationToken)
    {
        if (listed.Count == 0)
            throw new BootstrapException("The cluster is full, and its members have registered no addresses to ask.");

        string own = PeerUrl.Parse(self.PeerUrls[0]).Authority;
        return await retry.RunAsync(
            "to be let in as a learner", token => TryAsync(own, listed, token), cancellationToken)
            .ConfigureAwait(false);
    }

    private async Task<BootstrapResult> TryAsync(
        string own, IReadOnlyList<NamedUrls> listed, CancellationToken cancellationToken)
    {
        string problem = "";
        foreach (string url in listed.SelectMany(member => member.PeerUrls))
        {
            PeerAddress member = PeerAddress.Parse(PeerUrl.Parse(url).Authority);
            try
            {
                PeerRoster roster = await Inquiry.AskAsync(member, transport, cancellationToken).ConfigureAwait(false);
                if (Find(roster, own) is { } known)
                    return new BootstrapResult(roster.ClusterId, known, [], JoinsExisting: true);

                await Inquiry.EnlistAsync(member, transport, secret, own, cancellationToken).ConfigureAwait(false);
                Log.LearnerAdmitted(logger, own);
                roster = await Inquiry.AskAsync(member, transport, cancellationToken).ConfigureAwait(false);
                if (Find(roster, own) is { } admitted)
                    return new BootstrapResult(roster.ClusterId, admitted, [], JoinsExisting: true);

                problem = $"{member} has not heard yet that it is a member";
            }
            catch (TransportException exception)
            {
                problem = exception.Message.TrimEnd('.');
            }
        }

        throw new DiscoveryUnavailableException(problem);
    }

    private static NodeId? Find(PeerRoster roster, string address)
    {
        foreach (MemberAddress member in roster.Members)
        {
            if (member.Address == address)
                return member.Id;
        }

        return null;
    }
}
