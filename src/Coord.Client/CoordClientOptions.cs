namespace Coord.Client;

/// <summary>Where a cluster is, and how long to wait for it. The defaults run, except for the endpoints.</summary>
public sealed class CoordClientOptions
{
    /// <summary>Gets the endpoints of the cluster's members, such as <c>http://10.0.0.1:2379</c>.</summary>
    /// <value>
    /// Required: one or more. Without a scheme, https if a file of certificates is named, else http.
    /// </value>
    /// <remarks>
    /// In order of preference. The client stays with one that answers, and goes on to the next when it does not.
    /// </remarks>
    public IList<string> Endpoints { get; } = [];

    /// <summary>Gets or sets the PEM file with the authorities that may sign the servers' certificates.</summary>
    /// <value>Null: those that the system trusts.</value>
    public string? TrustedCertificateFile { get; set; }

    /// <summary>Gets or sets the PEM file with the client's certificate, for servers that ask for one.</summary>
    /// <value>Null: none is shown.</value>
    public string? CertificateFile { get; set; }

    /// <summary>Gets or sets the PEM file with the private key of the client's certificate.</summary>
    /// <value>Null: it is in <see cref="CertificateFile"/>.</value>
    public string? KeyFile { get; set; }

    /// <summary>Gets or sets a value indicating whether any server's certificate is accepted.</summary>
    /// <value>False. True encrypts, but to whoever answers: for tests alone.</value>
    public bool SkipServerVerification { get; set; }

    /// <summary>Gets or sets how long a call may take, with all its attempts.</summary>
    /// <value>10 seconds.</value>
    /// <remarks>Longer than an election takes, so that callers do not notice one.</remarks>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets a value indicating whether writes carry a session, where the server is Coord.</summary>
    /// <value>True: a write whose answer was lost is sent again, and done once.</value>
    /// <remarks>
    /// The first write opens the session, which costs a write of its own. The cluster remembers a number of sessions
    /// and forgets the one unused for longest: a process that writes once and ends is better off without.
    /// </remarks>
    public bool UseSessions { get; set; } = true;

    /// <summary>Gets or sets how long a connection may take to come up.</summary>
    /// <value>2 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets or sets how long a connection in use may be silent until the server is asked for a sign.</summary>
    /// <value>10 seconds. Servers may close connections that ask more often than each 5 seconds.</value>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets how long the sign may take before the connection is given up.</summary>
    /// <value>5 seconds.</value>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how long a message to the server may be; a longer one is not sent.</summary>
    /// <value>2,097,152 bytes (2 MiB): what servers accept at most by default.</value>
    public int MaxSendBytes { get; set; } = 2 * 1024 * 1024;

    /// <summary>Gets or sets how long a message from the server may be.</summary>
    /// <value>2,147,483,647 bytes: no limit but the runtime's.</value>
    public int MaxReceiveBytes { get; set; } = int.MaxValue;

    /// <summary>Gets or sets how many events wait for a slow reader of a watch.</summary>
    /// <value>4,096; then the watch pauses, and its reader catches up from history.</value>
    public int MaxWatchBufferEvents { get; set; } = 4096;

    /// <summary>Gets or sets how many bytes of events wait for a slow reader of a watch.</summary>
    /// <value>8,388,608 bytes (8 MiB); then the watch pauses, and its reader catches up from history.</value>
    public long MaxWatchBufferBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Gets or sets how large the changes of one revision may be, that come in several fragments.</summary>
    /// <value>268,435,456 bytes (256 MiB); a watch that meets a larger one ends.</value>
    public long MaxRevisionBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>Gets or sets what is told about the header of each answer.</summary>
    /// <value>Null: nothing. It is called on threads of the client, and must not throw or wait.</value>
    public Action<ServerHeader>? HeaderReceived { get; set; }

    /// <summary>Says what is wrong with the options, one sentence each; nothing if they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        Require(Endpoints.Count > 0, $"{nameof(Endpoints)} is empty: name at least one, such as 127.0.0.1:2379.");
        foreach (string endpoint in Endpoints)
        {
            Require(
                Connections.Endpoint.TryParse(endpoint, false, out _),
                $"{nameof(Endpoints)} has '{endpoint}', which is no http or https address.");
        }

        Require(
            KeyFile is null || CertificateFile is not null,
            $"{nameof(KeyFile)} is set and {nameof(CertificateFile)} is not.");
        Require(RequestTimeout > TimeSpan.Zero, $"{nameof(RequestTimeout)} is not positive.");
        Require(ConnectTimeout > TimeSpan.Zero, $"{nameof(ConnectTimeout)} is not positive.");
        Require(
            KeepAliveInterval >= TimeSpan.FromSeconds(1), $"{nameof(KeepAliveInterval)} is below one second.");
        Require(KeepAliveTimeout >= TimeSpan.FromSeconds(1), $"{nameof(KeepAliveTimeout)} is below one second.");
        Require(MaxSendBytes > 0, $"{nameof(MaxSendBytes)} is not positive.");
        Require(MaxReceiveBytes > 0, $"{nameof(MaxReceiveBytes)} is not positive.");
        Require(MaxWatchBufferEvents > 0, $"{nameof(MaxWatchBufferEvents)} is not positive.");
        Require(MaxWatchBufferBytes > 0, $"{nameof(MaxWatchBufferBytes)} is not positive.");
        Require(MaxRevisionBytes > 0, $"{nameof(MaxRevisionBytes)} is not positive.");
        return problems;

        void Require(bool condition, string problem)
        {
            if (!condition)
                problems.Add(problem);
        }
    }
}
