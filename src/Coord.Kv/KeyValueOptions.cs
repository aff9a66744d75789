namespace Coord.Kv;

/// <summary>The bounds of a key-value store. The defaults run, and are etcd's where etcd has such a bound.</summary>
public sealed class KeyValueOptions
{
    /// <summary>
    /// How large a request can be allowed to be, in bytes: what a snapshot's reader accepts as one record.
    /// </summary>
    internal const int MaxRequestBytesLimit = 32 * 1024 * 1024;

    /// <summary>Gets or sets how long a key may be.</summary>
    /// <value>65,536 bytes.</value>
    public int MaxKeyBytes { get; set; } = 64 * 1024;

    /// <summary>Gets or sets how long a value may be.</summary>
    /// <value>1,572,864 bytes (1.5 MiB).</value>
    /// <remarks>
    /// A store of coordination data is no place for large values; keep those elsewhere and their name here.
    /// </remarks>
    public int MaxValueBytes { get; set; } = 1536 * 1024;

    /// <summary>Gets or sets how long a whole request may be, as encoded for the log.</summary>
    /// <value>1,572,864 bytes (1.5 MiB).</value>
    /// <remarks>The log's own limit, <c>MaxCommandBytes</c>, must not be below.</remarks>
    public int MaxRequestBytes { get; set; } = 1536 * 1024;

    /// <summary>Gets or sets how much the store may hold before puts are refused.</summary>
    /// <value>2,147,483,648 bytes (2 GiB); zero for no limit.</value>
    /// <remarks>
    /// Each version of a key counts with its key, its value and 128 bytes. The limit travels in the command and is
    /// decided when the command is applied, so that all members decide alike, whatever their own options.
    /// When it is reached, history goes first if <see cref="RetainedRevisions"/> allows it; then puts are refused.
    /// </remarks>
    public long QuotaBytes { get; set; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Gets or sets how many revisions of history each write leaves; older ones are compacted.</summary>
    /// <value>100,000; zero to keep all history until <see cref="IKeyValueStore.CompactAsync"/> is called.</value>
    /// <remarks>
    /// A watch that was away for longer than this many writes ends with <see cref="CompactedException"/>.
    /// It travels in the command, like <see cref="QuotaBytes"/>.
    /// </remarks>
    public long RetainedRevisions { get; set; } = 100_000;

    /// <summary>Gets or sets by what the leader compacts history, besides <see cref="RetainedRevisions"/>.</summary>
    /// <value>By nothing.</value>
    public CompactionMode CompactionMode { get; set; }

    /// <summary>Gets or sets how old history becomes in the mode <see cref="CompactionMode.Periodic"/>.</summary>
    /// <value>1 hour. It is looked at as often, but at least every hour.</value>
    public TimeSpan CompactionRetention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Gets or sets how many revisions stay in the mode <see cref="CompactionMode.Revisions"/>.</summary>
    /// <value>10,000.</value>
    public long CompactionRetainedRevisions { get; set; } = 10_000;

    /// <summary>Gets or sets how many events wait for one slow watch before it has to read them from history.</summary>
    /// <value>1,024.</value>
    public int MaxWatchBufferEvents { get; set; } = 1024;

    /// <summary>Gets or sets how many bytes wait for one slow watch before it has to read them from history.</summary>
    /// <value>
    /// 1,048,576 bytes (1 MiB). For all watches of one <see cref="WatchStream"/> together 16 times as much, and as much
    /// again with its reader; what several of them wait for counts once.
    /// </value>
    public long MaxWatchBufferBytes { get; set; } = 1024 * 1024;

    /// <summary>Gets or sets how often a watch reports its progress, if it asked for that.</summary>
    /// <value>10 minutes.</value>
    public TimeSpan WatchProgressInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Gets or sets how many operations a transaction may have.</summary>
    /// <value>128; it bounds the longest of its three lists, and with them what inner transactions may have.</value>
    public int MaxTransactionOperations { get; set; } = 128;

    /// <summary>Gets or sets how long a lease lives at least; shorter ones are raised to it.</summary>
    /// <value>2 seconds; one and a half election timeouts, rounded up to whole seconds, are sensible.</value>
    public TimeSpan MinLeaseTimeToLive { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Says what is wrong with the bounds, one sentence each; nothing if they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        Require(MaxKeyBytes > 0, $"{nameof(MaxKeyBytes)} is {MaxKeyBytes}; a key has at least one byte.");
        Require(MaxValueBytes >= 0, $"{nameof(MaxValueBytes)} is {MaxValueBytes}; it cannot be negative.");
        Require(
            MaxRequestBytes >= MaxKeyBytes && MaxRequestBytes <= MaxRequestBytesLimit,
            $"{nameof(MaxRequestBytes)} is {MaxRequestBytes}; it must be at least {nameof(MaxKeyBytes)}"
            + $" ({MaxKeyBytes}) and at most {MaxRequestBytesLimit}.");
        Require(QuotaBytes >= 0, $"{nameof(QuotaBytes)} is {QuotaBytes}; use zero for no limit.");
        Require(RetainedRevisions >= 0, $"{nameof(RetainedRevisions)} is {RetainedRevisions}; use zero to keep all.");
        Require(
            CompactionRetention >= TimeSpan.FromSeconds(1),
            $"{nameof(CompactionRetention)} is {CompactionRetention}; use at least a second.");
        Require(CompactionRetainedRevisions > 0, $"{nameof(CompactionRetainedRevisions)} is below 1.");
        Require(MaxWatchBufferEvents > 0, $"{nameof(MaxWatchBufferEvents)} is {MaxWatchBufferEvents}; use at least 1.");
        Require(MaxWatchBufferBytes > 0, $"{nameof(MaxWatchBufferBytes)} is {MaxWatchBufferBytes}; use at least 1.");
        Require(
            WatchProgressInterval > TimeSpan.Zero,
            $"{nameof(WatchProgressInterval)} is {WatchProgressInterval}; it must be positive.");
        Require(MaxTransactionOperations > 0, $"{nameof(MaxTransactionOperations)} is below 1.");
        Require(
            MinLeaseTimeToLive >= TimeSpan.FromSeconds(1) && MinLeaseTimeToLive <= TimeSpan.FromHours(1),
            $"{nameof(MinLeaseTimeToLive)} is {MinLeaseTimeToLive}; use between a second and an hour.");
        return problems;

        void Require(bool condition, string problem)
        {
            if (!condition)
                problems.Add(problem);
        }
    }
}
