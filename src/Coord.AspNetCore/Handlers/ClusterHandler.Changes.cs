using System.Collections.Immutable;
using Coord.Kv;
using Coord.Protocol.Etcd;
using Coord.Raft;

namespace Coord.AspNetCore.Handlers;

/// <content>Changes of who is in the cluster. Any member can be asked; its log asks the leader.</content>
/// <remarks>
/// How a member is reached is published before the log admits it, so that whoever sees it there knows its URLs; what
/// was published of one that is not admitted is taken back. A change that was made from a membership that another
/// change has overtaken is judged and made anew.
/// </remarks>
internal sealed partial class ClusterHandler
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>How long other changes may come first.</summary>
    private static readonly TimeSpan ChangeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a learner may take to vote once it is told to; one in step takes a few round trips.</summary>
    private static readonly TimeSpan PromotionTimeout = TimeSpan.FromSeconds(3);

    public async ValueTask<MemberAddResponse> MemberAddAsync(
        MemberAddRequest request, CancellationToken cancellationToken)
    {
        PeerUrls urls = PeerUrls.Parse(request.PeerURLs) ?? throw EtcdError.BadMemberUrls.ToException();
        NodeId id = urls.NewMemberId(timeProvider.GetUtcNow());
        MemberAddress address = new(id, urls.Authority);
        bool isPublished = false;
        Membership reached;
        try
        {
            reached = await ChangeAsync(AdmitAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (isPublished && DidNotHappen(exception))
        {
            await member.Store.ForgetMemberAsync(id, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        MemberAddResponse response = new() { Header = Header() };
        response.Members.AddRange(Describe(reached));
        response.Member = response.Members.FirstOrDefault(added => added.ID == id.Value);
        return response;

        async ValueTask<MembershipTarget> AdmitAsync(Membership current)
        {
            CheckUrlsAreFree(current, urls.Texts, NodeId.None);
            CheckMayAdd(current, request.IsLearner);
            if (!isPublished)
            {
                await member.Store.PublishMemberAsync(new MemberInfo(id, "", urls.Texts, []), cancellationToken)
                    .ConfigureAwait(false);
                isPublished = true;
            }

            MembershipTarget target = Target(current);
            return request.IsLearner
                ? target with { Learners = target.Learners.Add(address) }
                : target with { Voters = target.Voters.Add(address) };
        }
    }

    public async ValueTask<MemberRemoveResponse> MemberRemoveAsync(
        MemberRemoveRequest request, CancellationToken cancellationToken)
    {
        NodeId id = new(request.ID);
        Membership reached = await ChangeAsync(LeaveAsync, cancellationToken).ConfigureAwait(false);
        try
        {
            await member.Store.ForgetMemberAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (CoordException)
        {
            // What is known of a member that is gone shows nowhere; it is only not worth keeping.
        }

        MemberRemoveResponse response = new() { Header = Header() };
        response.Members.AddRange(Describe(reached));
        return response;

        ValueTask<MembershipTarget> LeaveAsync(Membership current)
        {
            Find(current, id);
            if (!IsShownAsLearner(current, id))
                CheckStarted(current, without: id, extra: 0);
            MembershipTarget target = Target(current);
            target = target with
            {
                Voters = target.Voters.RemoveAll(other => other.Id == id),
                Learners = target.Learners.RemoveAll(other => other.Id == id),
                Witnesses = target.Witnesses.RemoveAll(other => other.Id == id),
            };

            // Whatever the check was told to let pass: without a voter there is no cluster to make the change.
            return target.Voters.IsEmpty
                ? throw EtcdError.NotEnoughStartedMembers.ToException()
                : ValueTask.FromResult(target);
        }
    }

    public async ValueTask<MemberUpdateResponse> MemberUpdateAsync(
        MemberUpdateRequest request, CancellationToken cancellationToken)
    {
        NodeId id = new(request.ID);
        if (PeerUrls.Parse(request.PeerURLs) is not { } urls)
        {
            // Of two mistakes this one is told.
            Find(member.Node.Status.Membership, id);
            throw EtcdError.BadMemberUrls.ToException();
        }

        Membership reached = await ChangeAsync(MoveAsync, cancellationToken).ConfigureAwait(false);
        MemberUpdateResponse response = new() { Header = Header() };
        response.Members.AddRange(Describe(reached));
        return response;

        async ValueTask<MembershipTarget> MoveAsync(Membership current)
        {
            Find(current, id);
            CheckUrlsAreFree(current, urls.Texts, except: id);
            MemberInfo known = Published(id) ?? new MemberInfo(id, "", [], []);
            if (!known.PeerUrls.SequenceEqual(urls.Texts))
            {
                await member.Store.PublishMemberAsync(known with { PeerUrls = urls.Texts }, cancellationToken)
                    .ConfigureAwait(false);
            }

            MembershipTarget target = Target(current);
            return target with
            {
                Voters = Moved(target.Voters),
                Learners = Moved(target.Learners),
                Witnesses = Moved(target.Witnesses),
            };
        }

        ImmutableArray<MemberAddress> Moved(ImmutableArray<MemberAddress> members) =>
            [.. members.Select(other => other.Id == id ? other with { Address = urls.Authority } : other)];
    }

    public async ValueTask<MemberPromoteResponse> MemberPromoteAsync(
        MemberPromoteRequest request, CancellationToken cancellationToken)
    {
        NodeId id = new(request.ID);
        Membership reached = await ChangeAsync(PromoteAsync, cancellationToken).ConfigureAwait(false);
        if (!reached.Voters.Contains(id))
            reached = await FindVoterAsync(id, cancellationToken).ConfigureAwait(false) ?? reached;
        if (!reached.Voters.Contains(id))
        {
            await ChangeAsync(DemoteAsync, cancellationToken).ConfigureAwait(false);
            throw EtcdError.LearnerNotReady.ToException();
        }

        MemberPromoteResponse response = new() { Header = Header() };
        response.Members.AddRange(Describe(reached));
        return response;

        ValueTask<MembershipTarget> PromoteAsync(Membership current)
        {
            Find(current, id);
            if (!IsShownAsLearner(current, id))
                throw EtcdError.MemberNotLearner.ToException();
            CheckStarted(current, without: NodeId.None, extra: 1);
            CheckInStep(id);
            MembershipTarget target = Target(current);
            MemberAddress learner = target.Learners.Single(other => other.Id == id);
            return ValueTask.FromResult(target with
            {
                Learners = target.Learners.Remove(learner),
                Voters = target.Voters.Add(learner),
            });
        }

        ValueTask<MembershipTarget> DemoteAsync(Membership current)
        {
            MembershipTarget target = Target(current);
            MemberAddress? pending = current.IsLearner(id) ? target.Voters.Single(other => other.Id == id) : null;
            return ValueTask.FromResult(pending is not { } learner ? target : target with
            {
                Learners = target.Learners.Add(learner),
                Voters = target.Voters.Remove(learner),
            });
        }
    }

    /// <summary>Makes a change from the membership as it is, again if another one came first.</summary>
    private async ValueTask<Membership> ChangeAsync(
        Func<Membership, ValueTask<MembershipTarget>> plan, CancellationToken cancellationToken)
    {
        using CancellationTokenSource giveUp = new(ChangeTimeout, timeProvider);
        while (true)
        {
            await member.Node.ReadBarrierAsync(cancellationToken).ConfigureAwait(false);
            Membership current = member.Node.Status.Membership;
            MembershipTarget target = await plan(current).ConfigureAwait(false);
            try
            {
                return await member.Node.ChangeMembershipAsync(target, current.Version, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (MembershipChangeRefusedException refused)
                when (refused.Reason is MembershipRefusal.Busy or MembershipRefusal.Outdated
                    && !giveUp.IsCancellationRequested)
            {
                await Task.Delay(Pause, timeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (MembershipChangeRefusedException refused)
            {
                throw EtcdError.Unhealthy.ToException(refused);
            }
        }
    }

    private async ValueTask<Membership?> FindVoterAsync(NodeId id, CancellationToken cancellationToken)
    {
        using CancellationTokenSource giveUp = new(PromotionTimeout, timeProvider);
        while (!giveUp.IsCancellationRequested)
        {
            Membership membership = member.Node.Status.Membership;
            if (membership.Voters.Contains(id))
                return membership;

            await Task.Delay(Pause, timeProvider, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private static MembershipTarget Target(Membership current) =>
        MembershipTarget.From(current) with { AwaitsPromotion = false };

    private static void Find(Membership current, NodeId id)
    {
        if (!current.Contains(id))
            throw EtcdError.MemberNotFound.ToException();
    }

    private void CheckUrlsAreFree(Membership current, IReadOnlyList<string> urls, NodeId except)
    {
        foreach (Protocol.Etcd.Member other in Describe(current))
        {
            if (other.ID != except.Value && other.PeerURLs.Intersect(urls).Any())
                throw EtcdError.PeerUrlExists.ToException();
        }
    }

    private void CheckMayAdd(Membership current, bool isLearner)
    {
        if (isLearner && current.Learners.Any(id => IsShownAsLearner(current, id)))
            throw EtcdError.TooManyLearners.ToException();

        // One member may always take a second: that is how a restored member becomes a cluster again.
        if (!isLearner && VotersOf(current).Skip(1).Any())
            CheckStarted(current, without: NodeId.None, extra: 1, startedExtra: 0);
    }

    /// <summary>Refuses a change after which fewer members would have started than make a quorum.</summary>
    private void CheckStarted(Membership current, NodeId without, int extra, int? startedExtra = null)
    {
        if (!member.Options.StrictReconfigCheck)
            return;

        List<NodeId> voters = [.. VotersOf(current).Where(id => id != without)];
        int started = voters.Count(id => Published(id) is { Name.Length: > 0 }) + (startedExtra ?? extra);
        if (started < ((voters.Count + extra) / 2) + 1)
            throw EtcdError.NotEnoughStartedMembers.ToException();
    }

    /// <summary>Refuses a learner that is far behind, where that is known: on the leader.</summary>
    private void CheckInStep(NodeId id)
    {
        RaftStatus status = member.Node.Status;
        if (status.Role is RaftRole.Leader && status.Match.TryGetValue(id, out LogIndex match)
            && match.Value < status.LastEntry.Index.Value / 10 * 9)
        {
            throw EtcdError.LearnerNotReady.ToException();
        }
    }

    private static IEnumerable<NodeId> VotersOf(Membership current) =>
        current.Members.Select(known => known.Id).Where(id => !IsShownAsLearner(current, id));

    private MemberInfo? Published(NodeId id) =>
        member.Store.Members.FirstOrDefault(info => info.Id == id) ?? (id == member.Node.Id ? Self() : null);

    private static bool DidNotHappen(Exception exception) =>
        exception is EtcdException or CoordException { Outcome: Outcome.DidNotHappen };
}
