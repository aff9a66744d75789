using System.Buffers;
using System.Collections.Immutable;
using MessagePack;

namespace Coord.Raft;

/// <summary>The payload of <see cref="EntryKind.Membership"/> entries: MessagePack arrays, a version first.</summary>
/// <remarks>
/// <code>
/// change  [1, transition, expected version or nil, parts]
/// part    [kind, id, address, is witness, promote when caught up]
/// </code>
/// A reader takes exactly this: a part that it does not understand would be applied differently elsewhere.
/// </remarks>
internal static class MembershipChangeCodec
{
    private const int Version = 1;
    private const int ChangeFields = 4;
    private const int PartFields = 5;

    /// <summary>Encodes a change.</summary>
    public static byte[] Encode(MembershipChange change)
    {
        ArrayBufferWriter<byte> buffer = new();
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(ChangeFields);
        writer.Write(Version);
        writer.Write((byte)change.Transition);
        if (change.ExpectedVersion is { } expected)
            writer.Write(expected.Value);
        else
            writer.WriteNil();
        writer.WriteArrayHeader(change.Changes.Length);
        foreach (MemberChange part in change.Changes)
        {
            writer.WriteArrayHeader(PartFields);
            writer.Write((byte)part.Kind);
            writer.Write(part.Id.Value);
            writer.Write(part.Address);
            writer.Write(part.IsWitness);
            writer.Write(part.PromoteWhenCaughtUp);
        }

        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Decodes a change.</summary>
    /// <returns>False if the bytes do not follow the format.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out MembershipChange change)
    {
        try
        {
            MessagePackReader reader = new(payload);
            change = Read(ref reader);
            return reader.End;
        }
        catch (Exception e) when (MembershipCodec.IsMalformed(e))
        {
            change = MembershipChange.LeaveJoint;
            return false;
        }
    }

    private static MembershipChange Read(ref MessagePackReader reader)
    {
        if (reader.ReadArrayHeader() != ChangeFields || reader.ReadInt32() != Version)
            throw Malformed();
        byte transition = reader.ReadByte();
        if (transition > (byte)MembershipTransition.JointExplicit)
            throw Malformed();
        LogIndex? expected = reader.TryReadNil() ? null : new LogIndex(reader.ReadInt64());
        int count = reader.ReadArrayHeader();
        if (count > MembershipCodec.MaxMembers)
            throw Malformed();
        var parts = ImmutableArray.CreateBuilder<MemberChange>(count);
        for (int i = 0; i < count; i++)
            parts.Add(ReadPart(ref reader));
        return new MembershipChange
        {
            Transition = (MembershipTransition)transition,
            ExpectedVersion = expected,
            Changes = parts.MoveToImmutable(),
        };
    }

    private static MemberChange ReadPart(ref MessagePackReader reader)
    {
        if (reader.ReadArrayHeader() != PartFields)
            throw Malformed();
        byte kind = reader.ReadByte();
        if (kind > (byte)MemberChangeKind.Update)
            throw Malformed();
        NodeId id = new(reader.ReadUInt64());
        string address = reader.ReadString() ?? throw Malformed();
        return new MemberChange((MemberChangeKind)kind, id, address, reader.ReadBoolean(), reader.ReadBoolean());
    }

    private static InvalidDataException Malformed() => new("The bytes are not a membership change.");
}
