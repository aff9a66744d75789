using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Mvcc;

/// <summary>Copies versions out of the store. Pure; under the store's lock.</summary>
internal static class KeyValueCopy
{
    /// <summary>How large a piece of memory is that several versions share; below the large objects' limit.</summary>
    private const int SharedBytes = 64 * 1024;

    public static KeyValue ToKeyValue(this KeyVersion version, bool keyOnly = false)
    {
        byte[] memory = new byte[BytesOf(version, keyOnly)];
        return Copy(version, keyOnly, memory);
    }

    /// <summary>Copies versions; neighbours share a piece of memory, which lives as long as any of them.</summary>
    public static void Append(ReadOnlySpan<KeyVersion> versions, bool keyOnly, List<KeyValue> destination)
    {
        destination.EnsureCapacity(destination.Count + versions.Length);
        for (int i = 0; i < versions.Length;)
        {
            int end = i;
            int bytes = 0;
            do
                bytes += BytesOf(versions[end++], keyOnly);
            while (end < versions.Length && bytes + BytesOf(versions[end], keyOnly) <= SharedBytes);

            Memory<byte> rest = GC.AllocateUninitializedArray<byte>(bytes);
            for (; i < end; i++)
            {
                int length = BytesOf(versions[i], keyOnly);
                destination.Add(Copy(versions[i], keyOnly, rest[..length]));
                rest = rest[length..];
            }
        }
    }

    private static int BytesOf(KeyVersion version, bool keyOnly) =>
        version.Key.Length + (keyOnly ? 0 : version.Value.Length);

    private static KeyValue Copy(KeyVersion version, bool keyOnly, Memory<byte> memory)
    {
        int keyBytes = version.Key.Length;
        version.Key.CopyTo(memory.Span);
        if (!keyOnly)
            version.Value.CopyTo(memory.Span[keyBytes..]);
        return new(
            memory[..keyBytes],
            memory[keyBytes..],
            new(version.CreateRevision),
            new(version.Stamp.Revision),
            version.Version,
            new(version.Lease));
    }
}
