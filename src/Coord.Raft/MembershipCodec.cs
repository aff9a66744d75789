using System.Collections.Immutable;
using MessagePack;

namespace Coord.Raft;

/// <summary>
/// Encodes a membership, and the metadata of a snapshot that carries one, as MessagePack arrays with a leading
/// version. Used by snapshot files and by messages, so the layout is both on disk and on the wire.
/// </summary>
/// <remarks>
/// <code>
/// membership  [1, voters, outgoing, learners, next, auto leave, members, version]
///             the four lists are arrays of ids, strictly ascending
/// member      [id, added at, address, is witness, promote when caught up]
/// metadata    [1, term, index, membership]
/// </code>
/// A reader ignores what follows the fields it knows, so that a later version can append fields. It trusts nothing:
/// a count is compared with the bytes that are left before anything is allocated.
/// </remarks>
internal static class MembershipCodec
{
    /// <summary>The most members that are believed; more is damage or an attack.</summary>
    public const int MaxMembers = 10_000;

    /// <summary>The longest address that is believed, in UTF-8 bytes.</summary>
    public const int MaxAddressBytes = 4096;

    private const int Version = 1;
    private const int MembershipFields = 8;
    private const int MemberFields = 5;
    private const int MetadataFields = 4;

    /// <summary>Writes a membership.</summary>
    public static void Write(ref MessagePackWriter writer, Membership membership)
    {
        writer.WriteArrayHeader(MembershipFields);
        writer.Write(Version);
        WriteIds(ref writer, membership.Voters);
        WriteIds(ref writer, membership.VotersOutgoing);
        WriteIds(ref writer, membership.Learners);
        WriteIds(ref writer, membership.LearnersNext);
        writer.Write(membership.AutoLeave);
        writer.WriteArrayHeader(membership.Members.Length);
        foreach (Member member in membership.Members)
        {
            writer.WriteArrayHeader(MemberFields);
            writer.Write(member.Id.Value);
            writer.Write(member.AddedAt.Value);
            writer.Write(member.Address);
            writer.Write(member.IsWitness);
            writer.Write(member.PromoteWhenCaughtUp);
        }

        writer.Write(membership.Version.Value);
    }

    /// <summary>Writes the metadata of a snapshot.</summary>
    public static void Write(ref MessagePackWriter writer, SnapshotMetadata snapshot)
    {
        writer.WriteArrayHeader(MetadataFields);
        writer.Write(Version);
        writer.Write(snapshot.LastIncluded.Term.Value);
        writer.Write(snapshot.LastIncluded.Index.Value);
        Write(ref writer, snapshot.Membership);
    }

    /// <summary>Reads a membership; false if the bytes do not follow the format.</summary>
    public static bool TryRead(ref MessagePackReader reader, out Membership membership)
    {
        membership = Membership.Empty;
        try
        {
            membership = ReadMembership(ref reader);
            return true;
        }
        catch (Exception e) when (IsMalformed(e))
        {
            return false;
        }
    }

    /// <summary>Reads the metadata of a snapshot; false if the bytes do not follow the format.</summary>
    public static bool TryRead(ref MessagePackReader reader, out SnapshotMetadata snapshot)
    {
        snapshot = SnapshotMetadata.Empty;
        try
        {
            int extra = ReadHeader(ref reader, MetadataFields);
            EntryId last = new(new Term(ReadNatural(ref reader)), new LogIndex(ReadNatural(ref reader)));
            snapshot = new SnapshotMetadata(last, ReadMembership(ref reader));
            Skip(ref reader, extra);
            return true;
        }
        catch (Exception e) when (IsMalformed(e))
        {
            return false;
        }
    }

    private static Membership ReadMembership(ref MessagePackReader reader)
    {
        int extra = ReadHeader(ref reader, MembershipFields);
        Membership membership = new()
        {
            Voters = ReadIds(ref reader),
            VotersOutgoing = ReadIds(ref reader),
            Learners = ReadIds(ref reader),
            LearnersNext = ReadIds(ref reader),
            AutoLeave = reader.ReadBoolean(),
            Members = ReadMembers(ref reader),
            Version = new LogIndex(ReadNatural(ref reader)),
        };
        Skip(ref reader, extra);
        return membership;
    }

    private static ImmutableArray<Member> ReadMembers(ref MessagePackReader reader)
    {
        int count = ReadCount(ref reader);
        ImmutableArray<Member>.Builder members = ImmutableArray.CreateBuilder<Member>(count);
        for (int i = 0; i < count; i++)
        {
            int fields = reader.ReadArrayHeader();
            if (fields < MemberFields)
                throw Malformed();

            NodeId id = new(reader.ReadUInt64());
            if (i > 0 && id <= members[i - 1].Id)
                throw Malformed();

            LogIndex addedAt = new(ReadNatural(ref reader));
            string address = ReadAddress(ref reader);
            members.Add(new Member(id, addedAt, address, reader.ReadBoolean(), reader.ReadBoolean()));
            Skip(ref reader, fields - MemberFields);
        }

        return members.MoveToImmutable();
    }

    private static ImmutableArray<NodeId> ReadIds(ref MessagePackReader reader)
    {
        int count = ReadCount(ref reader);
        ImmutableArray<NodeId>.Builder ids = ImmutableArray.CreateBuilder<NodeId>(count);
        for (int i = 0; i < count; i++)
        {
            NodeId id = new(reader.ReadUInt64());
            // Everything walks over members in this order, and quorums count each of them once.
            if (i > 0 && id <= ids[i - 1])
                throw Malformed();

            ids.Add(id);
        }

        return ids.MoveToImmutable();
    }

    private static void WriteIds(ref MessagePackWriter writer, ImmutableArray<NodeId> ids)
    {
        writer.WriteArrayHeader(ids.Length);
        foreach (NodeId id in ids)
            writer.Write(id.Value);
    }

    private static string ReadAddress(ref MessagePackReader reader)
    {
        MessagePackReader peek = reader.CreatePeekReader();
        if (peek.ReadStringSequence() is { Length: > MaxAddressBytes })
            throw Malformed();

        return reader.ReadString() ?? throw Malformed();
    }

    // The reader has compared the count with the bytes left; this bounds what a count of one-byte elements can cost.
    private static int ReadCount(ref MessagePackReader reader)
    {
        int count = reader.ReadArrayHeader();
        return count <= MaxMembers ? count : throw Malformed();
    }

    private static int ReadHeader(ref MessagePackReader reader, int fields)
    {
        int extra = reader.ReadArrayHeader() - fields;
        return extra >= 0 && reader.ReadInt32() == Version ? extra : throw Malformed();
    }

    private static long ReadNatural(ref MessagePackReader reader)
    {
        long value = reader.ReadInt64();
        return value >= 0 ? value : throw Malformed();
    }

    private static void Skip(ref MessagePackReader reader, int count)
    {
        for (int i = 0; i < count; i++)
            reader.Skip();
    }

    /// <summary>Tells whether an exception is what reading bytes of another format throws.</summary>
    internal static bool IsMalformed(Exception exception) =>
        exception is InvalidDataException or MessagePackSerializationException or EndOfStreamException
            or OverflowException

            // MessagePack takes lengths from 2^31 on for negative ones.
            or ArgumentOutOfRangeException;

    private static InvalidDataException Malformed() => new("The bytes are not a membership.");
}
