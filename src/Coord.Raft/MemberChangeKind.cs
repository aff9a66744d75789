namespace Coord.Raft;

/// <summary>What happens to one member. The values are on disk.</summary>
internal enum MemberChangeKind : byte
{
    /// <summary>The node votes from now on; a learner is promoted.</summary>
    AddVoter = 0,

    /// <summary>The node receives the log but does not vote; a voter is demoted.</summary>
    AddLearner = 1,

    /// <summary>The node leaves the cluster.</summary>
    Remove = 2,

    /// <summary>The node's address changes.</summary>
    Update = 3,
}
