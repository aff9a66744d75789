using System.Buffers.Binary;
using Coord.Raft.Storage;
using Coord.Shared;

namespace Coord.Raft.Driver;

/// <summary>
/// Remembers each peer's data directory, so that one that comes back without its memory is not believed.
/// </summary>
/// <remarks>
/// A member that lost its disk could vote twice in a term, or deny an entry that it acknowledged; both can lose
/// committed entries. Its directory's random id gives it away, and an older copy of the directory is given away by a
/// term or a log end below what it acknowledged to this process. A member that was removed is forgotten, so it may be
/// added again with a new directory. Thread-safe.
/// <code>
/// offset  size  field of the file "peers"
///      0     4  CRC-32C of all that follows
///      4     4  version, 1
///      8  24*n  id, directory id
/// </code>
/// </remarks>
internal sealed class KnownPeers
{
    private const string FileName = "peers";
    private const int Version = 1;
    private const int HeaderBytes = 8;
    private const int PeerBytes = 24;
    private const int MaxFileBytes = 1 << 20;

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly Lock _lock = new();

    // A lock of its own: the other is held while the disk is waited for, and the owner loop notes acknowledgements.
    private readonly Lock _acknowledgedLock = new();
    private readonly SortedDictionary<NodeId, Guid> _directories = [];
    private readonly Dictionary<NodeId, (Term Term, LogIndex Index)> _acknowledged = [];
    private readonly Dictionary<NodeId, ulong> _boots = [];

    /// <summary>Reads what earlier runs remembered.</summary>
    /// <exception cref="LogCorruptedException">The file is damaged.</exception>
    public KnownPeers(IFileSystem files, string directory)
    {
        (_files, _directory) = (files, directory);
        string path = Path.Combine(directory, FileName);
        if (files.FileExists(path))
            Read(path);
    }

    /// <summary>Notes what a peer has acknowledged to be durable.</summary>
    public void OnAcknowledged(NodeId peer, Term term, LogIndex index)
    {
        lock (_acknowledgedLock)
        {
            (Term Term, LogIndex Index) known = _acknowledged.GetValueOrDefault(peer);
            if (term > known.Term || (term == known.Term && index > known.Index))
                _acknowledged[peer] = (term, index);
        }
    }

    /// <summary>Checks what a peer says about itself, and remembers a new one before it is talked to.</summary>
    /// <returns>Why it is refused, or null.</returns>
    public string? Check(in PeerHello peer)
    {
        lock (_lock)
        {
            if (_directories.TryGetValue(peer.NodeId, out Guid known))
            {
                if (known != peer.DirectoryId)
                {
                    return $"{peer.NodeId} had data directory {known:n} and has {peer.DirectoryId:n} now: what it "
                        + "promised is forgotten. Restore its directory, or remove the member and add it anew.";
                }

                // A process that was checked once and still runs has lost nothing. What it says is merely overtaken by
                // what it has acknowledged since, on another connection.
                bool isSameProcess = peer.BootId != 0 && _boots.GetValueOrDefault(peer.NodeId) == peer.BootId;
                (Term Term, LogIndex Index) acknowledged;
                lock (_acknowledgedLock)
                    acknowledged = _acknowledged.GetValueOrDefault(peer.NodeId);

                bool isOlder = !isSameProcess && (peer.Term < acknowledged.Term
                    || (peer.Term == acknowledged.Term && peer.LastLog.Index < acknowledged.Index));
                if (!isOlder)
                    _boots[peer.NodeId] = peer.BootId;

                return !isOlder ? null
                    : $"{peer.NodeId} is at {peer.Term}, log {peer.LastLog}, but acknowledged {acknowledged.Term}, log "
                    + $"{acknowledged.Index}: its directory is an older copy. Remove the member and add it anew.";
            }

            if (_directories.Count >= MembershipCodec.MaxMembers)
                return "Too many different peers have come; no cluster has so many members.";

            _directories.Add(peer.NodeId, peer.DirectoryId);
            _boots[peer.NodeId] = peer.BootId;
            Write();
            return null;
        }
    }

    /// <summary>Forgets those who are no longer members.</summary>
    public void Retain(Membership membership)
    {
        lock (_lock)
        {
            NodeId[] gone = [.. _directories.Keys.Where(id => membership.Members.All(member => member.Id != id))];
            foreach (NodeId id in gone)
            {
                _directories.Remove(id);
                _boots.Remove(id);
                lock (_acknowledgedLock)
                    _acknowledged.Remove(id);
            }

            if (gone.Length > 0)
                Write();
        }
    }

    private void Read(string path)
    {
        using IFile file = _files.Open(path, FileAccessMode.Read);
        byte[] bytes = new byte[Math.Min(file.Length, MaxFileBytes)];
        int length = file.Read(bytes, 0);
        bool isIntact = length >= HeaderBytes && (length - HeaderBytes) % PeerBytes == 0
            && Crc32C.Compute(bytes.AsSpan(4, length - 4)) == BinaryPrimitives.ReadUInt32LittleEndian(bytes)
            && BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)) == Version;
        if (!isIntact)
            throw new LogCorruptedException(path, 0, "the list of known peers does not match its checksum.");

        for (int at = HeaderBytes; at < length; at += PeerBytes)
        {
            NodeId id = new(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at)));
            _directories[id] = new Guid(bytes.AsSpan(at + 8, 16));
        }
    }

    private void Write()
    {
        byte[] bytes = new byte[HeaderBytes + (PeerBytes * _directories.Count)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), Version);
        int at = HeaderBytes;
        foreach ((NodeId id, Guid directory) in _directories)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), id.Value);
            directory.TryWriteBytes(bytes.AsSpan(at + 8));
            at += PeerBytes;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(bytes.AsSpan(4)));
        string path = Path.Combine(_directory, FileName);
        string temporary = path + ".tmp";
        if (_files.FileExists(temporary))
            _files.Delete(temporary);

        using (IFile file = _files.Open(temporary, FileAccessMode.CreateNew))
        {
            file.Write(bytes, 0);
            file.Sync();
        }

        _files.Rename(temporary, path);
        _files.SyncDirectory(_directory);
    }
}
