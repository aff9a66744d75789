using Coord.Kv;
using Coord.Raft;
using Coord.Transport;

namespace Coord.Hosting;

/// <summary>
/// What a Coord node in a host is. The defaults run a node of its own, with its data in <c>coord-data</c>.
/// </summary>
/// <remarks>
/// The first properties are those that a cluster needs; they are short for the same ones of <see cref="Raft"/>. All are
/// checked together when the host starts, and all that is wrong is said at once.
/// </remarks>
public sealed class CoordOptions
{
    /// <summary>Gets all settings of the replicated log.</summary>
    public RaftOptions Raft { get; } = new() { DataDirectory = "coord-data" };

    /// <summary>Gets all settings of the key-value store; used if there is one on the node.</summary>
    public KeyValueOptions KeyValue { get; } = new();

    /// <summary>Gets or sets this node's id.</summary>
    /// <value>Required in a cluster of several; a node of its own is 1.</value>
    /// <remarks>Never give an id to another machine, nor to a machine that has lost its disk.</remarks>
    public NodeId NodeId
    {
        get => Raft.NodeId;
        set => Raft.NodeId = value;
    }

    /// <summary>Gets or sets the cluster's id, the same on all its nodes.</summary>
    /// <value>Required in a cluster of several; that of a node of its own is 1.</value>
    public ClusterId ClusterId
    {
        get => Raft.ClusterId;
        set => Raft.ClusterId = value;
    }

    /// <summary>Gets or sets where the node keeps its log and snapshots.</summary>
    /// <value><c>coord-data</c>, below the current directory.</value>
    public string DataDirectory
    {
        get => Raft.DataDirectory;
        set => Raft.DataDirectory = value;
    }

    /// <summary>Gets the nodes of a new cluster, this one included; the same list on all of them.</summary>
    /// <value>Empty: a node of its own. Not used once there is data.</value>
    public IList<Member> InitialMembers => Raft.InitialMembers;

    /// <summary>Gets or sets a value indicating whether this node waits to be added to a running cluster.</summary>
    /// <value>False.</value>
    public bool JoinExisting
    {
        get => Raft.JoinExisting;
        set => Raft.JoinExisting = value;
    }

    /// <summary>
    /// Gets or sets how the node finds its cluster, in the place of ids and <see cref="InitialMembers"/>.
    /// </summary>
    /// <value>Null: they are set by hand.</value>
    /// <remarks>
    /// It runs once in the life of <see cref="DataDirectory"/>, while the host starts, and may wait there until the
    /// other nodes have started too. Set <see cref="BootstrapNode"/> with it.
    /// </remarks>
    public IClusterBootstrap? Bootstrap { get; set; }

    /// <summary>Gets or sets what the node tells others about itself to find its cluster.</summary>
    /// <value>Null; required with <see cref="Bootstrap"/>.</value>
    public BootstrapNode? BootstrapNode { get; set; }

    /// <summary>Gets or sets how long a stopping host waits for another node to take over the leadership.</summary>
    /// <value>5 s; zero not to hand it over, so that the others notice by themselves.</value>
    /// <remarks>It counts towards the host's shutdown timeout, which must be longer.</remarks>
    public TimeSpan LeadershipHandOverTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets what <see cref="Bootstrap"/> has found.</summary>
    internal BootstrapResult? Found { get; set; }

    /// <summary>Adds a node to <see cref="InitialMembers"/>.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="address">Where the others reach it, such as <c>10.0.0.1:7400</c>.</param>
    /// <returns>These options.</returns>
    public CoordOptions AddMember(ulong id, string address)
    {
        InitialMembers.Add(new Member(new NodeId(id), LogIndex.Zero, address));
        return this;
    }

    /// <summary>Completes the options of a node that was told of no others.</summary>
    internal void CompleteIfAlone()
    {
        if (Bootstrap is not null)
        {
            // What it finds takes the place of these before there is a node.
            (NodeId, ClusterId, JoinExisting) = (new(1), new(1), true);
            return;
        }

        if (InitialMembers.Count > 0 || JoinExisting)
            return;

        if (NodeId.IsNone)
            NodeId = new(1);
        if (ClusterId.Value == 0)
            ClusterId = new(1);
        InitialMembers.Add(new Member(NodeId, LogIndex.Zero, ""));
    }
}
