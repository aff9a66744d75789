using Coord.Raft;
using Coord.Simulation.Faults;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Network;

/// <summary>Decides for each message how long it takes, and whether it is lost, doubled or held back.</summary>
internal sealed class MessageFates(RunPlan plan, Chance chance, FaultCounts counts)
{
    /// <summary>Gets or sets a value indicating whether all is well.</summary>
    public bool IsHealed { get; set; }

    /// <summary>Draws how long a message takes.</summary>
    public long DrawDelay()
    {
        long delay = plan.NetworkDelay + chance.Between(0, plan.NetworkJitter);
        if (!IsHealed && chance.PerMillion(plan.Stragglers))
            delay += chance.LogUniform(plan.NetworkDelay + 1, 30 * Span.Of(plan.ElectionTimeout) / 10);
        return delay;
    }

    public bool IsLost() => Strikes(plan.Loss, FaultKind.Loss);

    public bool IsDoubled() => Strikes(plan.Duplication, FaultKind.Duplication);

    /// <summary>Draws for how long an answer is held back: long enough to be of another time when it comes.</summary>
    public long DrawHoarding(MessageKind kind)
    {
        bool isAnswer = kind is MessageKind.AppendResponse or MessageKind.VoteResponse or MessageKind.PreVoteResponse
            or MessageKind.HeartbeatResponse or MessageKind.ReadIndexResponse;
        return isAnswer && Strikes(plan.Hoarding, FaultKind.Hoarding)
            ? chance.Between(1, 10 * Span.Of(plan.ElectionTimeout))
            : 0;
    }

    private bool Strikes(long parts, FaultKind kind)
    {
        if (IsHealed || !chance.PerMillion(parts))
            return false;
        counts.Add(kind);
        return true;
    }
}
