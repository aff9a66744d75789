using System.Text;
using Coord.AspNetCore.Tests.Harness;
using Coord.Raft;

namespace Coord.AspNetCore.Tests.Gateway;

/// <summary>
/// The JSON API answers as etcd 3.4 does, byte for byte where nothing was drawn by chance, or says why it does not.
/// </summary>
/// <remarks>
/// The answers were recorded from a real etcd. <c>COORD_REWRITE=1</c> records them again, with the <c>etcd</c> that the
/// path has, and keeps what differs on purpose; the tests fail then, so that nobody takes a recording for a test.
/// </remarks>
public sealed class TranscriptTests
{
    private const string Extension = ".transcript";

    /// <summary>As long as etcd's.</summary>
    private const ulong MemberId = 0x8e9e_05c5_2164_694d;

    private static readonly bool Rewrite = Environment.GetEnvironmentVariable("COORD_REWRITE") == "1";

    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(Folder, "*" + Extension).Select(path => Path.GetFileNameWithoutExtension(path)).Order()];

    private static string Folder { get; } = FindFolder();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_answers_are_those_of_etcd(string name)
    {
        string path = Path.Combine(Folder, name + Extension);
        (string head, List<TranscriptCase> cases) = TranscriptCase.Parse(await File.ReadAllTextAsync(path));
        if (Rewrite)
        {
            await RecordAsync(cases);
            await File.WriteAllTextAsync(path, $"{head}\n\n{string.Join('\n', cases)}");
            Assert.Fail($"Recorded {cases.Count} answers.");
        }

        await using ApiServer server = await ApiServer.StartAsync(Describe, node => node.NodeId = new NodeId(MemberId));
        using TranscriptRunner runner = new(server.Address);
        StringBuilder differences = new();
        foreach (TranscriptCase request in cases)
        {
            string expected = request.OwnAnswer ?? request.Answer;
            string answer = await runner.RunAsync(request);
            if (answer != expected)
            {
                differences.Append('\n').Append(request.Path).Append(' ')
                    .Append(request.Body.AsSpan(0, Math.Min(request.Body.Length, 200)))
                    .Append("\n  etcd:  ").Append(expected).Append("\n  Coord: ").Append(answer);
            }
        }

        Assert.True(differences.Length == 0, differences.ToString());
    }

    private static void Describe(EtcdApiOptions options)
    {
        options.MemberName = "infra0";
        options.PeerUrls.Add("http://127.0.0.1:2380");
        options.ClientUrls.Add("http://127.0.0.1:2379");
    }

    private static async Task RecordAsync(List<TranscriptCase> cases)
    {
        using RealEtcd etcd = await RealEtcd.StartAsync();
        using TranscriptRunner runner = new(etcd.Address);
        foreach (TranscriptCase request in cases)
            request.Answer = await runner.RunAsync(request);
    }

    /// <summary>The sources, because a recording has to get there.</summary>
    private static string FindFolder()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Coord.sln")))
            directory = directory.Parent;
        return Path.Combine(
            directory?.FullName ?? throw new DirectoryNotFoundException("There is no Coord.sln above the tests."),
            "tests", "Coord.AspNetCore.Tests", "Gateway", "Transcripts");
    }
}
