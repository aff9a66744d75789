// A replicated counter: three nodes of one log, in one process, without a host around them.
using System.Text;
using Coord.Raft;
using Coord.Transport;

string root = Directory.CreateTempSubdirectory("coord-first-log-").FullName;
InMemoryNetwork network = new();
List<RaftNode> nodes = [];
for (ulong id = 1; id <= 3; id++)
    nodes.Add(await StartAsync(id));

#region node
await nodes[0].WaitForLeaderAsync();
ProposalResult result = await nodes[0].ProposeAsync(Encoding.UTF8.GetBytes("+5"));
Console.WriteLine($"Entry {result.Id} is on the disks of a majority; the counter is {result.Value}.");

// On any other member: wait until it has everything that was committed, then read its own state machine.
LogIndex index = await nodes[2].ReadBarrierAsync();
Console.WriteLine($"Another member has applied everything up to {index} as well.");
#endregion

foreach (RaftNode node in nodes)
    await node.DisposeAsync();

Directory.Delete(root, recursive: true);

async Task<RaftNode> StartAsync(ulong id)
{
    #region start
    RaftOptions options = new()
    {
        NodeId = new NodeId(id),
        ClusterId = new ClusterId(0xC0),
        DataDirectory = Path.Combine(root, $"n{id}"),
    };
    for (ulong member = 1; member <= 3; member++)
        options.InitialMembers.Add(new Member(new NodeId(member), default, $"n{member}"));

    RaftNode node = new(options, new Counter(), network.CreateTransport());
    await node.StartAsync();
    #endregion
    return node;
}

/// <summary>The state machine: adds up what is proposed.</summary>
internal sealed class Counter : IStateMachine
{
    private long _sum;

    public ApplyResult Apply(in AppliedCommand command)
    {
        // The entry by which a new leader begins is empty.
        if (!command.Payload.IsEmpty)
            _sum += long.Parse(command.Payload.Span, System.Globalization.CultureInfo.InvariantCulture);

        return new ApplyResult(_sum);
    }

    public void OnBatchApplied(LogIndex applied)
    {
    }

    public IStateCapture Capture() => new Picture(_sum);

    public void Restore(Stream snapshot, EntryId lastIncluded)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        snapshot.ReadExactly(bytes);
        _sum = BitConverter.ToInt64(bytes);
    }

    private sealed class Picture(long sum) : IStateCapture
    {
        public void WriteTo(Stream destination, CancellationToken cancellationToken) =>
            destination.Write(BitConverter.GetBytes(sum));

        public void Dispose()
        {
        }
    }
}
