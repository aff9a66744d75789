using System.Buffers.Binary;
using System.Security.Cryptography;
using Coord.Raft.Core;
using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>
/// What a node takes from the world besides its transport and its clock: files, chance, and who pumps its loops.
/// </summary>
/// <remarks>Production has one; a simulator brings its own, and a run is then a function of its seed.</remarks>
internal sealed record NodeEnvironment
{
    /// <summary>Gets the one of production: the disk, the system's source of chance, a thread for each loop.</summary>
    public static NodeEnvironment System { get; } = new() { OpensLogBesideSnapshot = true };

    /// <summary>Gets the files.</summary>
    public IFileSystem Files { get; init; } = PhysicalFileSystem.Instance;

    /// <summary>Gets what fills bytes by chance. Thread-safe.</summary>
    public Action<Span<byte>> Entropy { get; init; } = RandomNumberGenerator.Fill;

    /// <summary>Gets what makes the pump of a loop.</summary>
    public Func<LoopPumpOptions, ILoopPump> CreatePump { get; init; } = static options => new LoopThread(options);

    /// <summary>
    /// Gets the size of the log's segments if it is not the option's, which allows none that a few writes would fill.
    /// </summary>
    public int? SegmentBytes { get; init; }

    /// <summary>Gets what may still change how the core behaves: batches of one entry, and small windows.</summary>
    public Func<RaftCoreOptions, RaftCoreOptions> Tune { get; init; } = static options => options;

    /// <summary>Gets a value indicating whether a starting node may read log and snapshot on two threads.</summary>
    public bool OpensLogBesideSnapshot { get; init; }

    /// <summary>Draws a number.</summary>
    public ulong NextSeed()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Entropy(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Draws an id that nothing else has.</summary>
    public Guid NextId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Entropy(bytes);
        return new Guid(bytes);
    }
}
