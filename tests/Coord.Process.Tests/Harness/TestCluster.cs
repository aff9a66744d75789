using Xunit.Abstractions;

namespace Coord.Process.Tests.Harness;

/// <summary>A cluster of real processes on loopback. What they printed is in the output of a test that fails.</summary>
internal sealed class TestCluster : IDisposable
{
    private readonly ITestOutputHelper _output;
    private readonly TestDirectory _directory = new();
    private readonly List<ClusterMember> _members = [];
    private readonly string[] _flags;

    /// <param name="output">Takes the transcript.</param>
    /// <param name="size">How many members.</param>
    /// <param name="flags">Flags for all of them, besides names and addresses.</param>
    /// <param name="certificates">With what the members and clients speak TLS; without if null.</param>
    /// <param name="peerScheme">The scheme of the peer URLs, if not that of the client URLs.</param>
    public TestCluster(
        ITestOutputHelper output, int size = 3, string[]? flags = null, TestCertificates? certificates = null,
        string? peerScheme = null)
    {
        _output = output;
        _flags = [.. flags ?? [], .. certificates?.Flags ?? []];
        string scheme = certificates is null ? "http" : "https";
        for (int i = 1; i <= size; i++)
        {
            _members.Add(new ClusterMember(
                $"n{i}", _directory.File($"n{i}"), scheme, peerScheme ?? scheme,
                () => certificates?.ClientHandler()));
        }
    }

    public IReadOnlyList<ClusterMember> Members => _members;

    public IEnumerable<ClusterMember> Running => _members.Where(member => member.IsRunning);

    public string InitialCluster => string.Join(',', _members.Select(member => $"{member.Name}={member.PeerUrl}"));

    public string Directory => _directory.Path;

    public string[] FlagsOf(ClusterMember member) =>
    [
        "--name", member.Name,
        "--data-dir", member.DataDirectory,
        "--listen-peer-urls", member.PeerUrl,
        "--initial-advertise-peer-urls", member.PeerUrl,
        "--listen-client-urls", member.ClientUrl,
        "--advertise-client-urls", member.ClientUrl,
        "--initial-cluster", InitialCluster,
        "--heartbeat-interval", "50",
        "--election-timeout", "500",
        .. _flags,
    ];

    /// <summary>Makes a member that does not belong to the cluster at its beginning.</summary>
    public ClusterMember CreateMember(string name) => new(name, _directory.File(name), "http", "http", () => null);

    public void Start(ClusterMember member, HostCommand? command = null) =>
        member.Run(HostProcess.Start(command ?? new HostCommand(), FlagsOf(member), _directory.Path));

    /// <summary>Starts a member and waits until it answers clients.</summary>
    public async Task StartAndWaitAsync(ClusterMember member, HostCommand? command = null)
    {
        Start(member, command);
        await AnswersAsync(member);
    }

    /// <summary>Starts all members and waits for a leader.</summary>
    public async Task<ClusterMember> StartAsync(HostCommand? command = null)
    {
        foreach (ClusterMember member in _members)
            Start(member, command);

        return await LeaderAsync();
    }

    public Task AnswersAsync(ClusterMember member) => Eventually.GetAsync($"{member.Name} answers clients.", async () =>
    {
        Assert.True(member.IsRunning, $"{member.Name} has ended:\n{member.Transcript()}");
        return await member.Client.TryGetStatusAsync();
    });

    /// <summary>Waits until a running member leads and a majority of all members says so.</summary>
    /// <param name="besides">Somebody who is not asked, because it does not answer or shall be replaced.</param>
    public Task<ClusterMember> LeaderAsync(ClusterMember? besides = null) => Eventually.GetAsync(
        "a majority agrees on a leader.", async () =>
    {
        List<(ClusterMember Member, MemberStatus Status)> answers = [];
        foreach (ClusterMember member in Running.Where(member => member != besides).ToList())
        {
            if (await member.Client.TryGetStatusAsync() is { } status)
                answers.Add((member, status));
        }

        return answers.FirstOrDefault(leader => leader.Status.Role == "leader"
            && answers.Count(answer =>
                answer.Status.Leader == leader.Member.Name && answer.Status.Term == leader.Status.Term)
                > _members.Count / 2).Member;
    });

    /// <summary>Waits until every running member has applied all that any of them has committed.</summary>
    public Task ConvergedAsync() => Eventually.IsTrueAsync("all members applied the same.", async () =>
    {
        List<MemberStatus?> all = [];
        foreach (ClusterMember member in Running.ToList())
            all.Add(await member.Client.TryGetStatusAsync());

        long? last = all.Max(status => status?.CommitIndex);
        return all.All(status => status is not null && status.Leader is not null && status.AppliedIndex == last);
    });

    /// <summary>Tries until a write is acknowledged.</summary>
    public Task WritesAsync(ClusterMember at, string key, string value) =>
        Eventually.IsTrueAsync($"{at.Name} takes a write.", async () =>
            (await at.Client.PutAsync(key, value)).Outcome is WriteOutcome.Acknowledged);

    public void Dispose()
    {
        foreach (ClusterMember member in _members)
        {
            _output.WriteLine(member.Transcript());
            member.Dispose();
        }

        _directory.Dispose();
    }
}
