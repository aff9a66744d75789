namespace Coord.Simulation.Checking;

/// <summary>Checks that all members have the same state at the same revision.</summary>
internal static class ReplicaChecker
{
    public static Findings Check(IEnumerable<ReplicaDigest> digests)
    {
        Findings findings = new();
        foreach (var same in digests.GroupBy(digest => (digest.Revision, digest.Compacted)))
        {
            ReplicaDigest first = same.First();
            foreach (ReplicaDigest other in same.Where(digest => digest.Digest != first.Digest))
                findings.Add($"Members {first.Member} and {other.Member} differ: {first} and {other}.");
        }

        return findings;
    }
}
