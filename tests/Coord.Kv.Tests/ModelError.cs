namespace Coord.Kv.Tests;

/// <summary>What a twin can be told to do wrong, so that a test of it is seen to fail.</summary>
public enum ModelError
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A deletion leaves the revision as it was.</summary>
    ForgetsThatDeletionsMakeRevisions,

    /// <summary>A key that is put again after a deletion goes on with its old version.</summary>
    GoesOnCountingAfterADeletion,

    /// <summary>A watch is not told of the last key that a revision changed, if it changed several.</summary>
    TearsRevisions,
}
