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
/// term or a log end below what it acknowledged to this process. Of a member that was removed the directory alone is
/// remembered, to tell it so when it comes back: it may be added again with a new one. For that the members are written
/// down too. A process that has restarted goes through memberships anew that an earlier one has seen already; by those
/// who was added later would look like one that was removed. Thread-safe.
/// <code>
/// offset  size  field of the file "peers"
///      0     4  CRC-32C of all that follows
///      4     4  version, 2
///      8     8  version of the membership
///     16     4  m, the number of its members
///     20     4  r, how many were removed
///     24  16*m  of each member: id, the index at which it was added
///         24*n  of each peer: id, directory id; the last r were removed, the latest at the end
/// </code>
/// In version 1 the peers follow at once; nobody is known to be a member, or to have been removed.
/// </remarks>
internal sealed class KnownPeers
{
    private const string FileName = "peers";
    private const int Version = 2;
    private const int HeaderBytes = 24;
    private const int OldHeaderBytes = 8;
    private const int MemberBytes = 16;
    private const int PeerBytes = 24;
    private const int MaxFileBytes = 1 << 20;
    private const int MaxRemoved = 256;

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly Lock _lock = new();

    // A lock of its own: the other is held while the disk is waited for, and the owner loop notes acknowledgements.
    private readonly Lock _acknowledgedLock = new();
    private readonly SortedDictionary<NodeId, Guid> _directories = [];
    private readonly SortedDictionary<NodeId, LogIndex> _members = [];
    private readonly List<(NodeId Id, Guid Directory)> _removed = [];
    private readonly Dictionary<NodeId, (Term Term, LogIndex Index)> _acknowledged = [];
    private readonly Dictionary<NodeId, ulong> _boots = [];
    private LogIndex _version;

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
            try
            {
                Write();
            }
            catch
            {
                _directories.Remove(peer.NodeId); // Or it would be let in the next time, and nobody would remember.
                throw;
            }

            _boots[peer.NodeId] = peer.BootId;
            return null;
        }
    }

    /// <summary>Tells whether a peer was a member, with the directory that it has now, and was removed.</summary>
    public bool IsRemoved(in PeerHello peer)
    {
        lock (_lock)
            return _removed.Contains((peer.NodeId, peer.DirectoryId));
    }

    /// <summary>Takes over who the members are, and forgets those who are none but for what tells them so.</summary>
    public void Retain(Membership membership)
    {
        lock (_lock)
        {
            bool isNews = membership.Version > _version || (_members.Count == 0 && !membership.Members.IsEmpty);
            if (!isNews)
                return;

            foreach ((NodeId id, Guid directory) in _directories.ToArray())
            {
                LogIndex? added = _members.TryGetValue(id, out LogIndex at) ? at : null;
                if (!membership.TryGetMember(id, out Member member))
                {
                    if (added is not null)
                        _removed.Add((id, directory));
                    Forget(id);
                }
                else if (added is not null && added != member.AddedAt)
                {
                    Forget(id); // It was removed and added again, all unseen.
                }
            }

            _version = membership.Version;
            _members.Clear();
            foreach (Member member in membership.Members)
                _members.Add(member.Id, member.AddedAt);
            _removed.RemoveAll(removed => _members.ContainsKey(removed.Id));
            _removed.RemoveRange(0, Math.Max(0, _removed.Count - MaxRemoved));
            TryWrite();
        }
    }

    private void Forget(NodeId id)
    {
        _directories.Remove(id);
        _boots.Remove(id);
        lock (_acknowledgedLock)
            _acknowledged.Remove(id);
    }

    /// <summary>An older file is no harm: whoever reads it goes through the memberships since then again.</summary>
    private void TryWrite()
    {
        try
        {
            Write();
        }
        catch (IOException)
        {
            // The next one that comes is refused if that cannot be written either.
        }
    }

    private void Read(string path)
    {
        using IFile file = _files.Open(path, FileAccessMode.Read);
        byte[] bytes = new byte[Math.Min(file.Length, MaxFileBytes)];
        int length = file.Read(bytes, 0);
        bool isIntact = length >= OldHeaderBytes
            && Crc32C.Compute(bytes.AsSpan(4, length - 4)) == BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        int version = isIntact ? BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)) : 0;
        int header = version == 1 ? OldHeaderBytes : HeaderBytes;
        if (!isIntact || version is < 1 or > Version || length < header)
            throw new LogCorruptedException(path, 0, "the list of known peers does not match its checksum.");

        if (!TryRead(bytes.AsSpan(0, length), version))
            throw new LogCorruptedException(path, 0, "the list of known peers contradicts itself.");
    }

    private bool TryRead(ReadOnlySpan<byte> bytes, int version)
    {
        int removed = 0;
        ReadOnlySpan<byte> peers = bytes[OldHeaderBytes..];
        if (version == Version)
        {
            int members = BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]);
            removed = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]);
            if (members < 0 || members > (bytes.Length - HeaderBytes) / MemberBytes)
                return false;

            _version = new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));
            peers = bytes[(HeaderBytes + (members * MemberBytes))..];
            for (ReadOnlySpan<byte> rest = bytes[HeaderBytes..^peers.Length]; !rest.IsEmpty; rest = rest[MemberBytes..])
                _members[ReadId(rest)] = new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(rest[8..]));
        }

        int count = peers.Length / PeerBytes;
        if (peers.Length % PeerBytes != 0 || removed < 0 || removed > count)
            return false;

        for (int i = 0; i < count; i++, peers = peers[PeerBytes..])
        {
            Guid directory = new(peers.Slice(8, 16));
            if (i < count - removed)
                _directories[ReadId(peers)] = directory;
            else
                _removed.Add((ReadId(peers), directory));
        }

        return true;
    }

    private static NodeId ReadId(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64LittleEndian(bytes));

    private void Write()
    {
        int size = HeaderBytes + (MemberBytes * _members.Count) + (PeerBytes * (_directories.Count + _removed.Count));
        byte[] bytes = new byte[size];
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), _version.Value);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), _members.Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), _removed.Count);
        Span<byte> rest = bytes.AsSpan(HeaderBytes);
        foreach ((NodeId id, LogIndex added) in _members)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, id.Value);
            BinaryPrimitives.WriteInt64LittleEndian(rest[8..], added.Value);
            rest = rest[MemberBytes..];
        }

        foreach ((NodeId id, Guid directory) in _directories.Select(peer => (peer.Key, peer.Value)).Concat(_removed))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, id.Value);
            directory.TryWriteBytes(rest[8..]);
            rest = rest[PeerBytes..];
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
