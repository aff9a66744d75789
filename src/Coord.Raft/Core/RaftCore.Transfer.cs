using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>Handing leadership to a named member (thesis §3.10).</summary>
/// <remarks>
/// Meanwhile no proposal and no new read is taken. The transfer fails after an election timeout, or ends with the
/// leadership, whatever ends that. Reads that wait for their round are still answered: a quorum confirms them.
/// </remarks>
internal sealed partial class RaftCore
{
    private NodeId _transferTarget;
    private bool _timeoutNowSent;

    /// <summary>Starts to hand leadership to a voter; a follower passes the wish on to the leader.</summary>
    /// <param name="to">The member that shall lead.</param>
    public void TransferLeadership(NodeId to)
    {
        AssertInvariants();
        if (_role is RaftRole.Leader)
            StartTransfer(to);
        else if (!_leader.IsNone)
            _messages.Add(NewMessage(_leader, MessageKind.TransferLeader) with { Context = to.Value });
        AssertInvariants();
    }

    private static bool IsTransferable(Progress? progress) =>
        progress is { IsVoter: true, IsWitness: false };

    private void StartTransfer(NodeId to)
    {
        if (to == _transferTarget)
            return;
        Progress? target = _tracker.Find(to);
        if (to == _id || !IsTransferable(target) || !IsNear(target!))
        {
            Report(RaftEventKind.TransferRefused, to);
            return;
        }

        if (!_transferTarget.IsNone)
            AbortTransfer();
        _transferTarget = to;
        _electionElapsed = 0;
        Report(RaftEventKind.TransferStarted, to);
        if (target!.Match == _log.Last.Index)
            SendTimeoutNow();
        else
            SendAppend(target);
    }

    /// <summary>Tells whether a member can catch up within an election timeout.</summary>
    private bool IsNear(Progress target) =>
        target.State is not ProgressState.Snapshot &&
        target.Match + _options.MaxTransferLagEntries >= _log.Last.Index;

    private void SendTimeoutNow()
    {
        Debug.Assert(_tracker.Find(_transferTarget)?.Match == _log.Last.Index, "The target lacks nothing.");
        if (_timeoutNowSent)
            return;
        _timeoutNowSent = true;
        // However late the message arrives, its campaign is not held up by anybody's promise to this leader.
        _leaseForbidden = true;
        Report(RaftEventKind.TransferSent, _transferTarget);
        _messages.Add(NewMessage(_transferTarget, MessageKind.TimeoutNow));
    }

    private void AbortTransfer()
    {
        Report(RaftEventKind.TransferAborted, _transferTarget);
        _transferTarget = default;
        _timeoutNowSent = false;
    }

    private void StepTimeoutNow(in Message message)
    {
        Debug.Assert(message.From != _id, "Nobody hands over to itself.");
        // No pre-vote: the leader asked for it, and those who hear it would refuse.
        if ((_termLeader.IsNone || _termLeader == message.From) && MayCampaign())
            Campaign(MessageKind.Vote, TransferCampaign);
    }
}
