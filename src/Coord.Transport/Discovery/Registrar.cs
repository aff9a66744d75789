using Coord.Shared;
using Coord.Transport.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Discovery;

/// <summary>Takes a place for one node at a discovery service, and waits for the others.</summary>
/// <remarks>
/// A place is a key; the service numbers keys in the order of their creation, and the first <see cref="Size"/> are the
/// cluster. What a node sees before it registers keeps it from taking a place in vain; what counts is what it reads
/// afterwards, because then its own key stands in the same order as everybody else's.
/// </remarks>
internal sealed class Registrar(
    DiscoveryClient client, Retry retry, DiscoveryUrl url, BootstrapNode self, ILogger logger)
{
    private readonly string _id = $"{EtcdIds.OfMember(self.PeerUrls, url.Text).Value:x}";
    private readonly string _value = new NamedUrls(self.Name, self.PeerUrls).ToString();

    /// <summary>How many members the cluster begins with.</summary>
    public int Size { get; private set; }

    /// <summary>Who has the places, as far as it could be read.</summary>
    public IReadOnlyList<NamedUrls> Listed { get; private set; } = [];

    /// <summary>Registers, and returns the list when it is complete; null if others have all places.</summary>
    /// <exception cref="BootstrapException">The node cannot be one of the cluster; the message says why.</exception>
    public async Task<IReadOnlyList<NamedUrls>?> JoinAsync(CancellationToken cancellationToken)
    {
        Size = await retry.RunAsync("for the size of the cluster", client.ReadSizeAsync, cancellationToken)
            .ConfigureAwait(false);
        (IReadOnlyList<DiscoveryNode> members, long index) = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (IsFull(members))
            return null;

        if (members.All(member => member.Id != _id))
            RefuseDoubles(members);
        if (!await RegisterAsync(cancellationToken).ConfigureAwait(false))
        {
            await ReadAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }

        (members, index) = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (IsFull(members))
        {
            // Somebody was faster between the first look and the registration; the place is nobody's use.
            await WithdrawAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }

        ThrowIfDeleted(members);
        await RefuseLateDoubleAsync(members, cancellationToken).ConfigureAwait(false);
        members = await WaitAsync(members, index, cancellationToken).ConfigureAwait(false);
        return Parse(members);
    }

    private async Task<(IReadOnlyList<DiscoveryNode> Members, long Index)> ReadAsync(
        CancellationToken cancellationToken)
    {
        (IReadOnlyList<DiscoveryNode> members, long index) = await retry.RunAsync(
            "who has registered", client.ReadMembersAsync, cancellationToken).ConfigureAwait(false);
        Listed = [.. members.Take(Size).SelectMany(
            member => MemberList.TryParse(member.Value, out List<NamedUrls> parsed, out _) ? parsed : [])];
        return (members, index);
    }

    /// <summary>Tells whether all places are taken, and none of them by this node.</summary>
    private bool IsFull(IReadOnlyList<DiscoveryNode> members) =>
        members.Count >= Size && members.Take(Size).All(member => member.Id != _id);

    private void RefuseDoubles(IReadOnlyList<DiscoveryNode> members)
    {
        foreach (DiscoveryNode member in members)
        {
            if (DoubleOf(member) is { } what)
            {
                throw new BootstrapException(
                    $"Another node has registered {what} for {url}. Give this node a name and peer URLs of its own; "
                    + "it has not taken a place.");
            }
        }
    }

    /// <summary>Two that register at once do not see each other before; the second of them gives way.</summary>
    private async Task RefuseLateDoubleAsync(
        IReadOnlyList<DiscoveryNode> members, CancellationToken cancellationToken)
    {
        try
        {
            RefuseDoubles([.. members.TakeWhile(member => member.Id != _id)]);
        }
        catch (BootstrapException)
        {
            await WithdrawAsync(cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Says what another registration has in common with this node's; null if nothing.</summary>
    private string? DoubleOf(DiscoveryNode member)
    {
        if (member.Id == _id || !MemberList.TryParse(member.Value, out List<NamedUrls> parsed, out _))
            return null;
        if (parsed.Any(other => other.Name == self.Name))
            return $"the name '{self.Name}'";

        string? common = parsed.SelectMany(other => other.PeerUrls).FirstOrDefault(self.PeerUrls.Contains);
        return common is null ? null : $"the peer URL {common}";
    }

    /// <summary>Creates the own key; false if the service takes no more.</summary>
    private async Task<bool> RegisterAsync(CancellationToken cancellationToken)
    {
        DiscoveryClient.Registration result = await retry.RunAsync(
            "to register", token => client.RegisterAsync(_id, _value, token), cancellationToken)
            .ConfigureAwait(false);
        if (result is DiscoveryClient.Registration.Full)
            return false;

        DiscoveryNode own = await retry.RunAsync("for the own registration", ReadOwnAsync, cancellationToken)
            .ConfigureAwait(false);

        // A member that crashed before the cluster had formed finds its key: it is its own if it says the same.
        if (own.Value != _value)
        {
            throw new BootstrapException(
                $"These peer URLs are registered for {url} as '{MemberList.Shown(own.Value)}', and this node is "
                + $"'{_value}'. Give it its former name, or create another token.");
        }

        await retry.RunAsync(
            "for the own registration",
            async token =>
            {
                await client.WaitForOwnAsync(own, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        Log.Registered(logger, url.Service, url.LastDigits, self.Name);
        return true;
    }

    /// <summary>Another server of the service may have taken it than the one that is asked.</summary>
    private async Task<DiscoveryNode> ReadOwnAsync(CancellationToken cancellationToken) =>
        await client.ReadMemberAsync(_id, cancellationToken).ConfigureAwait(false)
        ?? throw new DiscoveryUnavailableException("it does not show the registration yet");

    private async Task WithdrawAsync(CancellationToken cancellationToken)
    {
        try
        {
            await client.UnregisterAsync(_id, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DiscoveryUnavailableException or BootstrapException)
        {
            // It is beyond the last place or ends with the token: the others can do with it there.
            Log.NotWithdrawn(logger, url.Service, url.LastDigits, exception.Message);
        }
    }

    private async Task<IReadOnlyList<DiscoveryNode>> WaitAsync(
        IReadOnlyList<DiscoveryNode> members, long index, CancellationToken cancellationToken)
    {
        while (true)
        {
            List<DiscoveryNode> known = [.. members];
            while (known.Count < Size)
            {
                Log.WaitingForMembers(logger, known.Count, Size, Size - known.Count);
                DiscoveryAnswer? news = await NextAsync(index + 1, cancellationToken).ConfigureAwait(false);
                if (news is null)
                {
                    // Nothing to tell, for long or because the connection broke: what counts is read again.
                    await retry.PauseAsync(cancellationToken).ConfigureAwait(false);
                    break;
                }

                if (news.Node is not { } node || !IsNews(news, known))
                {
                    index = Math.Max(index, news.Node?.ModifiedIndex ?? index + 1);
                    continue;
                }

                known.Add(node);
                index = Math.Max(index, node.ModifiedIndex);
            }

            // Events tell when to look; what all nodes read at the end is the same on each.
            (members, index) = await ReadAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfDeleted(members);
            if (members.Count >= Size)
                return [.. members.Take(Size)];
        }
    }

    private void ThrowIfDeleted(IReadOnlyList<DiscoveryNode> members)
    {
        if (members.All(member => member.Id != _id))
        {
            throw new BootstrapException(
                $"The registration of '{self.Name}' for {url} was deleted. Start the node again to register anew.");
        }
    }

    private async Task<DiscoveryAnswer?> NextAsync(long index, CancellationToken cancellationToken)
    {
        try
        {
            DiscoveryAnswer? answer = await client.WaitAsync(index, cancellationToken).ConfigureAwait(false);

            // Too old an index, for example: looking again is right whatever it is.
            return answer?.ErrorCode == 0 ? answer : null;
        }
        catch (DiscoveryUnavailableException)
        {
            return null;
        }
    }

    private static bool IsNews(DiscoveryAnswer answer, List<DiscoveryNode> known) =>
        answer is { Action: "create" or "set", Node: { IsMember: true } node }
        && known.All(member => member.Id != node.Id);

    private List<NamedUrls> Parse(IReadOnlyList<DiscoveryNode> members)
    {
        List<NamedUrls> list = [];
        foreach (DiscoveryNode member in members)
        {
            if (!MemberList.TryParse(member.Value, out List<NamedUrls> parsed, out string problem))
                throw new BootstrapException($"A registration for {url} {problem} Create another token.");
            list.AddRange(parsed);
        }

        bool isOneEach = list.Count == members.Count
            && list.Select(member => member.Name).Distinct().Count() == list.Count
            && list.SelectMany(member => member.PeerUrls).Distinct().Count()
                == list.Sum(member => member.PeerUrls.Count);
        return isOneEach
            ? list
            : throw new BootstrapException(
                $"Two registrations for {url} have the same name or the same address. Give each node its own, and "
                + "create another token.");
    }
}
