using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>
/// Decisions by a majority of one set of voters. Those who did not answer count as voters all the same.
/// </summary>
internal static class MajorityQuorum
{
    /// <summary>Returns the highest value that a majority has reached; sorts the values in place.</summary>
    /// <param name="values">One value for each voter, zero for those not heard of.</param>
    /// <returns>
    /// The value; the largest of all for no voters, so that an empty half of a joint pair never limits.
    /// </returns>
    public static long Reached(Span<long> values)
    {
        if (values.IsEmpty)
            return long.MaxValue;
        values.Sort();
        // Of n ascending values those from (n - 1) / 2 on are a majority: n - (n - 1) / 2 > n / 2.
        int position = Mutants.HalfIsAMajority ? values.Length / 2 : (values.Length - 1) / 2;
        Debug.Assert(values.Length - position > values.Length / 2, "A majority is more than half.");
        return values[position];
    }

    /// <summary>Tells where an election stands.</summary>
    /// <param name="voters">How many vote.</param>
    /// <param name="granted">How many have granted.</param>
    /// <param name="refused">How many have refused.</param>
    /// <param name="inDoubt">How many of the granted votes need company: see <see cref="LogDoubt"/>.</param>
    /// <returns>The result; an election without voters is won, so that an empty half never blocks.</returns>
    public static VoteResult Vote(int voters, int granted, int refused, int inDoubt = 0)
    {
        Debug.Assert(granted + refused <= voters, "Each voter is counted once.");
        Debug.Assert(inDoubt <= granted, "Only votes that were given are in doubt.");
        if (voters == 0)
            return VoteResult.Won;
        int needed = Mutants.HalfIsAMajority ? (voters + 1) / 2 : (voters / 2) + 1;
        if (inDoubt > 0 && !Mutants.DoubtIgnored)
            needed = Math.Min(voters, needed + inDoubt);
        if (granted >= needed)
            return VoteResult.Won;
        return voters - refused >= needed ? VoteResult.Pending : VoteResult.Lost;
    }
}
