namespace Coord.Simulation.Checking;

/// <summary>What can be done with one key of the store.</summary>
internal enum KeyCallKind
{
    Get,
    Put,

    /// <summary>Put if the key has an expected value, or if it is missing and none is expected.</summary>
    PutIf,
    Delete,
}
