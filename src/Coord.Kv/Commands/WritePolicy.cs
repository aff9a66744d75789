namespace Coord.Kv.Commands;

/// <summary>
/// The bounds under which a write is applied, and the member in whose name. They travel with it, so that members with
/// other options decide alike.
/// </summary>
/// <param name="QuotaBytes">How much the store may hold; zero for no limit.</param>
/// <param name="RetainedRevisions">How much history the write leaves; zero for all.</param>
/// <param name="Member">Who raises the alarm if the quota refuses the write; zero if nobody does.</param>
internal readonly record struct WritePolicy(long QuotaBytes, long RetainedRevisions, ulong Member = 0)
{
    public bool IsValid => QuotaBytes >= 0 && RetainedRevisions >= 0;
}
