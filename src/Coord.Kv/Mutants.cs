namespace Coord.Kv;

/// <summary>Bugs planted on purpose, to prove that the simulator finds them; one is on at a time.</summary>
/// <remarks>
/// They exist in builds for the simulator alone. In all others each is a constant, and the compiler removes what
/// depends on it. A new one is a line in both lists, and a condition where it goes wrong.
/// </remarks>
internal static class Mutants
{
#if COORD_SIMULATION
    /// <summary>A lease that was renewed after its expiry was proposed ends all the same.</summary>
    public static bool ExpireRenewedLease { get; private set; }

    /// <summary>A watch below the compaction goes on with what is left.</summary>
    public static bool CompactedWatchGoesOn { get; private set; }

    /// <summary>Catching up may pause in the middle of a revision, and goes on behind it.</summary>
    public static bool HistoryStepSplitsRevision { get; private set; }

    /// <summary>A watch that falls behind starts with what it has delivered.</summary>
    public static bool DeliveredEventRepeats { get; private set; }

    /// <summary>A watch whose buffer is full loses what waits there.</summary>
    public static bool OverflowLosesEvents { get; private set; }

    /// <summary>Progress is reported while events are missing.</summary>
    public static bool ProgressWhileBehind { get; private set; }

    /// <summary>A watch from a future revision gets events before it.</summary>
    public static bool FutureWatchSeesPresent { get; private set; }

    /// <summary>Events come without the version before.</summary>
    public static bool PreviousValueMissing { get; private set; }

    /// <summary>A watch does not see what an installed snapshot brought.</summary>
    public static bool WatchSkipsSnapshot { get; private set; }

    /// <summary>A keep-alive is answered and forgotten.</summary>
    public static bool RenewalKeepsDeadline { get; private set; }

    /// <summary>A lease ends after half of its time.</summary>
    public static bool LeaseHalved { get; private set; }

    /// <summary>Each key of a lease goes at a revision of its own.</summary>
    public static bool LeaseKeysInManyRevisions { get; private set; }

    /// <summary>A key that was put without a lease still goes with the one that it had.</summary>
    public static bool KeyStaysAtLease { get; private set; }

    /// <summary>A key that does not exist compares as if it had been created.</summary>
    public static bool MissingKeyHasRevision { get; private set; }

    /// <summary>A comparison by greater holds for equals: a fence on the wrong side.</summary>
    public static bool GreaterMeansNotLess { get; private set; }

    /// <summary>Comparisons of numbers always hold.</summary>
    public static bool RevisionsUncompared { get; private set; }

    /// <summary>A transaction that changes nothing makes a revision.</summary>
    public static bool EmptyTransactionMakesRevision { get; private set; }

    /// <summary>The version of a key does not grow.</summary>
    public static bool VersionStands { get; private set; }

    /// <summary>Each put counts as the creation of its key.</summary>
    public static bool CreatedAnew { get; private set; }

    /// <summary>A read of an earlier revision shows the present.</summary>
    public static bool PastShowsPresent { get; private set; }

    /// <summary>A snapshot has what was written while it was being taken.</summary>
    public static bool SnapshotShowsLaterWrites { get; private set; }

    /// <summary>Gets the names of all.</summary>
    public static IEnumerable<string> Names => typeof(Mutants).GetProperties()
        .Where(property => property.PropertyType == typeof(bool)).Select(property => property.Name);

    /// <summary>Turns the one of that name on and all others off; an unknown or empty name is none.</summary>
    public static void Activate(string name)
    {
        foreach (string each in Names)
            typeof(Mutants).GetProperty(each)!.SetValue(null, each == name);
    }
#else
    public const bool ExpireRenewedLease = false;
    public const bool CompactedWatchGoesOn = false;
    public const bool HistoryStepSplitsRevision = false;
    public const bool DeliveredEventRepeats = false;
    public const bool OverflowLosesEvents = false;
    public const bool ProgressWhileBehind = false;
    public const bool FutureWatchSeesPresent = false;
    public const bool PreviousValueMissing = false;
    public const bool WatchSkipsSnapshot = false;
    public const bool RenewalKeepsDeadline = false;
    public const bool LeaseHalved = false;
    public const bool LeaseKeysInManyRevisions = false;
    public const bool KeyStaysAtLease = false;
    public const bool MissingKeyHasRevision = false;
    public const bool GreaterMeansNotLess = false;
    public const bool RevisionsUncompared = false;
    public const bool EmptyTransactionMakesRevision = false;
    public const bool VersionStands = false;
    public const bool CreatedAnew = false;
    public const bool PastShowsPresent = false;
    public const bool SnapshotShowsLaterWrites = false;
#endif
}
