using System.Buffers;
using System.Runtime.CompilerServices;
using MessagePack;

namespace Coord.Raft.Messages;

/// <summary>Encodes a snapshot's metadata within a message, through <see cref="MembershipCodec"/>.</summary>
/// <remarks>
/// Every chunk of a snapshot carries the metadata, so the bytes are made once for each snapshot and kept as long as
/// it is. Thread-safe.
/// </remarks>
internal static class SnapshotMetadataCodec
{
    private static readonly ConditionalWeakTable<SnapshotMetadata, byte[]> Encoded = [];

    /// <summary>Returns the encoded metadata, which nobody changes.</summary>
    public static ReadOnlyMemory<byte> Encode(SnapshotMetadata snapshot) =>
        Encoded.GetValue(snapshot, static snapshot =>
        {
            ArrayBufferWriter<byte> buffer = new();
            MessagePackWriter writer = new(buffer);
            MembershipCodec.Write(ref writer, snapshot);
            writer.Flush();
            return buffer.WrittenSpan.ToArray();
        });

    /// <summary>Reads metadata that fills the bytes exactly.</summary>
    public static bool TryDecode(in ReadOnlySequence<byte> source, out SnapshotMetadata snapshot)
    {
        MessagePackReader reader = new(source);
        return MembershipCodec.TryRead(ref reader, out snapshot)
            && reader.End
            && snapshot.LastIncluded.Term.Value <= MessageCodec.MaxValue
            && snapshot.LastIncluded.Index.Value <= MessageCodec.MaxValue;
    }
}
