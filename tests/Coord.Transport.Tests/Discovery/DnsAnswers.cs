using System.Buffers.Binary;
using System.Text;

namespace Coord.Transport.Tests.Discovery;

/// <summary>Makes answers of name servers.</summary>
internal static class DnsAnswers
{
    /// <summary>Answers a question with an alias, which is to be passed over, and one record.</summary>
    public static byte[] To(byte[] question)
    {
        List<byte> answer = [.. question];
        answer[2] = 0x81;
        answer[3] = 0x80;
        answer[7] = 2;

        // The name is that of the question, at byte 12.
        answer.AddRange([0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xC0, 12]);
        byte[] target = Name("a.example.com");
        answer.AddRange([0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60]);
        byte[] data = new byte[8];
        BinaryPrimitives.WriteUInt16BigEndian(data, (ushort)(6 + target.Length));
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(2), 10);
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(4), 5);
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(6), 2380);
        return [.. answer, .. data, .. target];
    }

    private static byte[] Name(string name) =>
        [.. name.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];
}
