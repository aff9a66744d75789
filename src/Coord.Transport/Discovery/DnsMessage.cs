using System.Buffers.Binary;
using System.Text;

namespace Coord.Transport.Discovery;

/// <summary>Questions for services and their answers on the wire (RFC 1035, RFC 2782).</summary>
/// <remarks>
/// Answers come from the network, so reading them is bounded: names are at most 255 bytes, a pointer must lead back to
/// before where it stands, and no count is believed beyond the bytes that are there.
/// </remarks>
internal static class DnsMessage
{
    public const int MaxBytes = ushort.MaxValue;
    private const int HeaderBytes = 12;
    private const int MaxLabelBytes = 63;
    private const int MaxNameBytes = 255;
    private const int MaxRecords = 1_000;
    private const ushort ServiceType = 33;
    private const ushort InternetClass = 1;
    private const ushort RecursionDesired = 0x0100;
    private const ushort IsAnswer = 0x8000;
    private const ushort IsTruncated = 0x0200;
    private const int ResponseCodes = 0x000F;
    private const int NoSuchName = 3;

    /// <summary>What an answer says.</summary>
    public enum Verdict
    {
        /// <summary>It is no answer to the question.</summary>
        Foreign,

        /// <summary>It has the records; perhaps none.</summary>
        Answer,

        /// <summary>Not all of it fitted; ask again over TCP.</summary>
        Truncated,

        /// <summary>The server cannot answer.</summary>
        Failure,
    }

    /// <summary>Encodes a question for the services of a name; null if the name is none.</summary>
    public static byte[]? TryEncode(ushort id, string name)
    {
        List<byte> message = [.. new byte[HeaderBytes]];
        foreach (string label in name.TrimEnd('.').Split('.'))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(label);
            if (bytes.Length is 0 or > MaxLabelBytes || label.Any(char.IsControl))
                return null;
            message.Add((byte)bytes.Length);
            message.AddRange(bytes);
        }

        message.AddRange([0, 0, (byte)ServiceType, 0, (byte)InternetClass]);
        if (message.Count - HeaderBytes - 4 > MaxNameBytes)
            return null;

        byte[] question = [.. message];
        BinaryPrimitives.WriteUInt16BigEndian(question, id);
        BinaryPrimitives.WriteUInt16BigEndian(question.AsSpan(2), RecursionDesired);
        BinaryPrimitives.WriteUInt16BigEndian(question.AsSpan(4), 1);
        return question;
    }

    /// <summary>Reads the answer to a question.</summary>
    public static Verdict Decode(
        ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, List<ServiceRecord> records)
    {
        if (message.Length < HeaderBytes || !message[..2].SequenceEqual(question[..2]))
            return Verdict.Foreign;

        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        int questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        int answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        int at = HeaderBytes;
        if ((flags & IsAnswer) == 0 || questions != 1 || !RepeatsQuestion(message, question, ref at))
            return Verdict.Foreign;
        if ((flags & IsTruncated) != 0)
            return Verdict.Truncated;
        if ((flags & ResponseCodes) == NoSuchName)
            return Verdict.Answer;
        if ((flags & ResponseCodes) != 0)
            return Verdict.Failure;

        for (int i = 0; i < answers; i++)
        {
            if (!TryReadRecord(message, ref at, records))
                return Verdict.Failure;
        }

        return Verdict.Answer;
    }

    /// <summary>Letters may differ in case. Whoever forges an answer must know more than its number.</summary>
    private static bool RepeatsQuestion(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, ref int at)
    {
        int length = question.Length - HeaderBytes;
        if (message.Length < HeaderBytes + length)
            return false;

        ReadOnlySpan<byte> repeated = message.Slice(HeaderBytes, length);
        at += length;
        return Ascii.EqualsIgnoreCase(repeated, question[HeaderBytes..])
            || repeated.SequenceEqual(question[HeaderBytes..]);
    }

    private static bool TryReadRecord(ReadOnlySpan<byte> message, ref int at, List<ServiceRecord> records)
    {
        const int FixedBytes = 10, ServiceBytes = 6;
        if (!TryReadName(message, ref at, out _) || at + FixedBytes > message.Length)
            return false;

        ushort type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
        ushort @class = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
        int length = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
        int data = at + FixedBytes;
        at = data + length;
        if (at > message.Length)
            return false;
        if (type != ServiceType || @class != InternetClass)
            return true; // An alias on the way, for example.

        int target = data + ServiceBytes;
        if (length <= ServiceBytes || records.Count == MaxRecords
            || !TryReadName(message, ref target, out string name) || target != at)
        {
            return false;
        }

        // A single record for "." says that there is decidedly no such service.
        if (name.Length > 0)
        {
            records.Add(new ServiceRecord(
                name, BinaryPrimitives.ReadUInt16BigEndian(message[(data + 4)..]),
                BinaryPrimitives.ReadUInt16BigEndian(message[data..]),
                BinaryPrimitives.ReadUInt16BigEndian(message[(data + 2)..])));
        }

        return true;
    }

    /// <summary>Reads a name that may end in another one further ahead.</summary>
    private static bool TryReadName(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        name = "";
        StringBuilder text = new();
        int position = at, end = -1, limit = at;
        while (position < message.Length)
        {
            int length = message[position];
            if (length == 0)
            {
                at = end >= 0 ? end : position + 1;
                name = text.ToString();
                return true;
            }

            if (length >= 0xC0)
            {
                if (position + 1 >= message.Length)
                    return false;

                int target = ((length & 0x3F) << 8) | message[position + 1];
                if (end < 0)
                    end = position + 2;

                // Each pointer leads further back than the one before, so that this ends.
                if (target >= limit || target < HeaderBytes)
                    return false;
                position = limit = target;
                continue;
            }

            if (length > MaxLabelBytes || position + 1 + length > message.Length
                || text.Length + length + 1 > MaxNameBytes)
            {
                return false;
            }

            if (text.Length > 0)
                text.Append('.');
            text.Append(Encoding.Latin1.GetString(message.Slice(position + 1, length)));
            position += 1 + length;
        }

        return false;
    }
}
