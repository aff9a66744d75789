using System.Buffers;
using Coord.Kv;
using Coord.Kv.Commands;
using Coord.Raft;
using Coord.Simulation.Checking;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Workloads;

/// <summary>
/// Uses a session as who embeds a node does: it proposes to its own node, and the session itself tries again.
/// </summary>
/// <param name="actor">Whose it is.</param>
/// <param name="calls">Where to note what came of it.</param>
/// <param name="keys">How many keys there are.</param>
internal sealed class SessionInProcess(Actor actor, List<SessionCall> calls, int keys)
{
    /// <summary>Proposes some commands, as long as the process lives and knows the session.</summary>
    public async Task UseAsync(Func<int> nextValue)
    {
        if (actor.ChooseNode().Process is not { IsGone: false } process)
        {
            actor.Leave();
            return;
        }

        try
        {
            Task<ClientSession> opening = process.Raft.OpenSessionAsync().AsTask();
            if (await Task.WhenAny(opening, process.Died).ConfigureAwait(false) != opening)
                return;

            ClientSession session = await opening.ConfigureAwait(false);
            for (int i = actor.Chance.Next(16); i >= 0 && !actor.IsOver && !process.IsGone; i--)
            {
                await ProposeAsync(process, session, $"{actor.Number}.{nextValue()}").ConfigureAwait(false);
                await actor.ThinkAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is CoordException or ObjectDisposedException)
        {
            // The node is about to stop, or nobody answered; or the cluster has forgotten the session.
            actor.Leave();
        }
    }

    private async Task ProposeAsync(SimulatedProcess process, ClientSession session, string value)
    {
        string key = SessionWorkload.Prefix + $"{actor.Chance.Next(keys):d2}";
        ArrayBufferWriter<byte> command = new();
        CommandCodec.Write(command, Command.Put(
            ChangeLog.BytesOf(key), ChangeLog.BytesOf(value), PutFlags.None, new(0, actor.Plan.RetainedRevisions)));
        long begin = actor.Now;
        CallOutcome outcome = CallOutcome.Unknown;
        string result = "";
        using CancellationTokenSource patience = new(actor.Patience * 4, actor.Clock);
        try
        {
            Task<ProposalResult> proposal = session.ProposeAsync(command.WrittenMemory, patience.Token).AsTask();
            if (await Task.WhenAny(proposal, process.Died).ConfigureAwait(false) == proposal)
            {
                ProposalResult answer = await proposal.ConfigureAwait(false);
                (outcome, result) = (CallOutcome.Ok, $"{new Revision(answer.Value)}");
            }
        }
        catch (OperationCanceledException)
        {
            // It may yet be applied, once.
        }
        catch (CoordException exception)
        {
            outcome = exception.Outcome is Outcome.DidNotHappen ? CallOutcome.Failed : CallOutcome.Unknown;
            if (exception is SessionExpiredException)
                throw;
        }
        finally
        {
            SessionCall call = new((int)session.Id, value, begin, actor.Now, outcome, result);
            calls.Add(call);
            if (actor.World.Trace.IsRead)
                actor.Trace($"in process {call}");
        }
    }
}
