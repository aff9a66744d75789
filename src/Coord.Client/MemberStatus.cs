using Coord.Raft;

namespace Coord.Client;

/// <summary>How one member is. Immutable.</summary>
/// <param name="Header">Who answered.</param>
/// <param name="Version">The version of etcd whose API it speaks.</param>
/// <param name="StoredBytes">How large its store is.</param>
/// <param name="UsedBytes">How much of that is in use.</param>
/// <param name="QuotaBytes">How large it may become; zero if the server does not say.</param>
/// <param name="Leader">Whom it follows; none if nobody.</param>
/// <param name="LastIndex">The last index of its log that is committed.</param>
/// <param name="AppliedIndex">The last index that its store has seen.</param>
/// <param name="Term">Its term.</param>
/// <param name="IsLearner">Whether it has no vote.</param>
/// <param name="Errors">What is wrong, such as alarms.</param>
public sealed record MemberStatus(
    ServerHeader Header,
    string Version,
    long StoredBytes,
    long UsedBytes,
    long QuotaBytes,
    NodeId Leader,
    LogIndex LastIndex,
    LogIndex AppliedIndex,
    Term Term,
    bool IsLearner,
    IReadOnlyList<string> Errors);
