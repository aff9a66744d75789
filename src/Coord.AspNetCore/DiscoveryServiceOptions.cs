namespace Coord.AspNetCore;

/// <summary>How a host serves discovery tokens; see <c>MapCoordDiscovery</c>.</summary>
public sealed class DiscoveryServiceOptions
{
    /// <summary>Gets or sets what the URLs of new tokens begin with.</summary>
    /// <value>
    /// Null: the scheme and host by which the service was asked. Set it where nodes reach the service by another name
    /// than whoever creates tokens, since all nodes of a cluster must be given the same URL.
    /// </value>
    public string? BaseUrl { get; set; }

    /// <summary>Gets or sets the size of a cluster whose creator names none.</summary>
    /// <value>3.</value>
    public int DefaultSize { get; set; } = 3;

    /// <summary>Gets or sets the largest size of a cluster.</summary>
    /// <value>100; at most 1,000.</value>
    public int MaxSize { get; set; } = 100;

    /// <summary>Gets or sets how long a token and its members are remembered.</summary>
    /// <value>24 hours. Clusters that have formed need it no longer.</value>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Gets or sets what creators of tokens must send as <c>Authorization: Bearer</c>.</summary>
    /// <value>Null: anybody may create tokens.</value>
    public string? CreationSecret { get; set; }

    /// <summary>Gets or sets how many tokens one address may create in a minute.</summary>
    /// <value>30. All addresses together may create ten times as many.</value>
    public int MaxCreationsPerMinute { get; set; } = 30;

    /// <summary>Gets or sets how many members one address may register or delete in a minute.</summary>
    /// <value>300. All addresses together may register ten times as many.</value>
    public int MaxRegistrationsPerMinute { get; set; } = 300;

    /// <summary>Gets or sets how many requests may wait for news at a time.</summary>
    /// <value>10,000. One more is told to come back later.</value>
    public int MaxWaiters { get; set; } = 10_000;

    /// <summary>Gets or sets how long a request waits for news before it gets an empty answer.</summary>
    /// <value>5 minutes.</value>
    public TimeSpan LongPollTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Returns what is wrong with the options, as a sentence; null if nothing is.</summary>
    internal string? Problem()
    {
        if (MaxSize is < 1 or > 1_000 || DefaultSize < 1 || DefaultSize > MaxSize)
            return $"{nameof(MaxSize)} is from 1 to 1,000, and {nameof(DefaultSize)} from 1 to that.";
        if (TimeToLive <= TimeSpan.Zero || LongPollTimeout <= TimeSpan.Zero)
            return $"{nameof(TimeToLive)} and {nameof(LongPollTimeout)} are positive.";
        if (MaxCreationsPerMinute < 1 || MaxRegistrationsPerMinute < 1 || MaxWaiters < 1)
        {
            return $"{nameof(MaxCreationsPerMinute)}, {nameof(MaxRegistrationsPerMinute)} and {nameof(MaxWaiters)} "
                + "are positive.";
        }

        if (CreationSecret is "")
            return $"{nameof(CreationSecret)} is null or has at least one character.";
        return BaseUrl is null || Uri.TryCreate(BaseUrl, UriKind.Absolute, out _)
            ? null
            : $"{nameof(BaseUrl)} is '{BaseUrl}'; write a URL such as https://discovery.example.com.";
    }
}
