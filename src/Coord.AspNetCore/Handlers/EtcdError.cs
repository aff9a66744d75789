using Grpc.Core;

namespace Coord.AspNetCore.Handlers;

/// <summary>One of etcd's errors: clients tell them apart by the text, so code and text are part of the API.</summary>
/// <param name="Code">The status of the call.</param>
/// <param name="Text">What clients match on.</param>
internal sealed record EtcdError(StatusCode Code, string Text)
{
    public static EtcdError EmptyKey { get; } = new(StatusCode.InvalidArgument, "etcdserver: key is not provided");

    public static EtcdError KeyNotFound { get; } = new(StatusCode.InvalidArgument, "etcdserver: key not found");

    public static EtcdError ValueProvided { get; } = new(StatusCode.InvalidArgument, "etcdserver: value is provided");

    public static EtcdError LeaseProvided { get; } = new(StatusCode.InvalidArgument, "etcdserver: lease is provided");

    public static EtcdError TooManyOperations { get; } =
        new(StatusCode.InvalidArgument, "etcdserver: too many operations in txn request");

    public static EtcdError DuplicateKey { get; } =
        new(StatusCode.InvalidArgument, "etcdserver: duplicate key given in txn request");

    public static EtcdError Compacted { get; } =
        new(StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted");

    public static EtcdError FutureRevision { get; } =
        new(StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision");

    public static EtcdError NoSpace { get; } =
        new(StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded");

    public static EtcdError Corrupt { get; } = new(StatusCode.DataLoss, "etcdserver: corrupt cluster");

    public static EtcdError RequestTooLarge { get; } =
        new(StatusCode.InvalidArgument, "etcdserver: request is too large");

    public static EtcdError TooManyRequests { get; } =
        new(StatusCode.ResourceExhausted, "etcdserver: too many requests");

    public static EtcdError LeaseNotFound { get; } =
        new(StatusCode.NotFound, "etcdserver: requested lease not found");

    public static EtcdError LeaseExists { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: lease already exists");

    public static EtcdError LeaseTtlTooLarge { get; } =
        new(StatusCode.OutOfRange, "etcdserver: too large lease TTL");

    /// <summary>The client has given the call up.</summary>
    public static EtcdError Canceled { get; } = new(StatusCode.Cancelled, "context canceled");

    /// <summary>The time is over that the client gave the call. The text is that of the gRPC library.</summary>
    public static EtcdError DeadlineExceeded { get; } = new(StatusCode.DeadlineExceeded, "Deadline Exceeded");

    public static EtcdError WatchCanceled { get; } = new(StatusCode.Cancelled, "etcdserver: watch canceled");

    public static EtcdError MemberExists { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: member ID already exist");

    public static EtcdError PeerUrlExists { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: Peer URLs already exists");

    public static EtcdError NotEnoughStartedMembers { get; } = new(
        StatusCode.FailedPrecondition,
        "etcdserver: re-configuration failed due to not enough started members");

    public static EtcdError BadMemberUrls { get; } =
        new(StatusCode.InvalidArgument, "etcdserver: given member URLs are invalid");

    public static EtcdError MemberNotFound { get; } = new(StatusCode.NotFound, "etcdserver: member not found");

    public static EtcdError MemberNotLearner { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: can only promote a learner member");

    public static EtcdError LearnerNotReady { get; } = new(
        StatusCode.FailedPrecondition,
        "etcdserver: can only promote a learner member which is in sync with leader");

    public static EtcdError TooManyLearners { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: too many learner members in cluster");

    public static EtcdError Unhealthy { get; } = new(StatusCode.Unavailable, "etcdserver: unhealthy cluster");

    public static EtcdError NotSupportedForLearner { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: rpc not supported for learner");

    public static EtcdError BadLeaderTransferee { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: bad leader transferee");

    public static EtcdError NoLeader { get; } = new(StatusCode.Unavailable, "etcdserver: no leader");

    public static EtcdError NotLeader { get; } = new(StatusCode.FailedPrecondition, "etcdserver: not leader");

    public static EtcdError LeaderChanged { get; } = new(StatusCode.Unavailable, "etcdserver: leader changed");

    public static EtcdError Stopped { get; } = new(StatusCode.Unavailable, "etcdserver: server stopped");

    public static EtcdError TimedOut { get; } = new(StatusCode.Unavailable, "etcdserver: request timed out");

    public static EtcdError TimedOutAfterLeaderFailure { get; } = new(
        StatusCode.Unavailable,
        "etcdserver: request timed out, possibly due to previous leader failure");

    public static EtcdError InvalidDowngradeTarget { get; } =
        new(StatusCode.InvalidArgument, "etcdserver: invalid downgrade target version");

    public static EtcdError NoDowngradeInFlight { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: no inflight downgrade job");

    public static EtcdError RootUserNotFound { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: root user does not exist");

    public static EtcdError UserEmpty { get; } = new(StatusCode.InvalidArgument, "etcdserver: user name is empty");

    public static EtcdError UserNotFound { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: user name not found");

    public static EtcdError RoleEmpty { get; } = new(StatusCode.InvalidArgument, "etcdserver: role name is empty");

    public static EtcdError RoleNotFound { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: role name not found");

    public static EtcdError AuthNotEnabled { get; } =
        new(StatusCode.FailedPrecondition, "etcdserver: authentication is not enabled");

    /// <summary>The recipes' errors reach clients unwrapped in etcd, and so with the code for "unknown".</summary>
    public static EtcdError ElectionNoLeader { get; } = new(StatusCode.Unknown, "election: no leader");

    public static EtcdError ElectionNotLeader { get; } = new(StatusCode.Unknown, "election: not leader");

    public static EtcdError ElectionLeaderMissing { get; } =
        new(StatusCode.Unknown, "\"leader\" field must be provided");

    public static EtcdError ElectionSessionExpired { get; } =
        new(StatusCode.Unknown, "election: session is expired");

    public static EtcdError LockSessionExpired { get; } = new(StatusCode.Unknown, "mutex: session is expired");

    /// <summary>Coord's own: nothing was done, and an earlier attempt at the same write may have been.</summary>
    public static EtcdError SessionExpired { get; } =
        new(StatusCode.FailedPrecondition, "coord: the session has expired");

    public static EtcdError BadSession { get; } =
        new(StatusCode.InvalidArgument, "coord: the metadata of the session is malformed");

    public static EtcdError UnknownAlarm { get; } =
        new(StatusCode.InvalidArgument, "coord: there is no alarm of this kind");

    public static EtcdError LeaseWithoutId { get; } =
        new(StatusCode.InvalidArgument, "coord: in a session the id of a lease is the client's to choose");

    /// <summary>What gRPC in Go says before it has read a message.</summary>
    public static EtcdError MessageTooLarge(long bytes, int maxBytes) => new(
        StatusCode.ResourceExhausted, $"grpc: received message larger than max ({bytes} vs. {maxBytes})");

    /// <summary>A message is no message of its type.</summary>
    public static EtcdError Malformed(string text) => new(StatusCode.Internal, text);

    public static EtcdError Unimplemented(string what) => new(StatusCode.Unimplemented, what);

    /// <summary>
    /// Returns the error as it comes out of a recipe: in etcd these are clients of their own server, whose errors lose
    /// their code on the way.
    /// </summary>
    public EtcdError Unwrapped() => this with { Code = StatusCode.Unknown };

    public RpcException ToRpcException() => new(new Status(Code, Text));

    public EtcdException ToException(Exception? cause = null) => new(this, cause);
}
