using MessagePack;

namespace Coord.Kv.Commands;

/// <summary>Writes and reads what a member publishes about itself; in commands and in snapshots.</summary>
internal static class MemberCodec
{
    private const int MaxUrls = 1024;

    public static void Write(ref MessagePackWriter writer, MemberInfo member)
    {
        writer.WriteArrayHeader(4);
        writer.Write(member.Id.Value);
        writer.Write(member.Name);
        Write(ref writer, member.PeerUrls);
        Write(ref writer, member.ClientUrls);
    }

    /// <returns>Null if the bytes are no member.</returns>
    public static MemberInfo? TryRead(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            MessagePackReader reader = new(bytes);
            if (reader.ReadArrayHeader() != 4)
                return null;

            ulong id = reader.ReadUInt64();
            string name = reader.ReadString() ?? "";
            MemberInfo member = new(new(id), name, ReadUrls(ref reader), ReadUrls(ref reader));
            return reader.End ? member : null;
        }
        catch (Exception e) when (MessagePackErrors.AreOf(e))
        {
            return null;
        }
    }

    private static void Write(ref MessagePackWriter writer, IReadOnlyList<string> urls)
    {
        writer.WriteArrayHeader(urls.Count);
        foreach (string url in urls)
            writer.Write(url);
    }

    private static string[] ReadUrls(ref MessagePackReader reader)
    {
        int count = reader.ReadArrayHeader();
        if (count > MaxUrls)
            throw new MessagePackSerializationException("A member has too many addresses.");

        string[] urls = new string[count];
        for (int i = 0; i < count; i++)
            urls[i] = reader.ReadString() ?? "";
        return urls;
    }
}
