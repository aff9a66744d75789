using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Coord.Raft;
using Coord.Shared;

namespace Coord.Transport.Discovery;

/// <summary>The file in a data directory that says which cluster its node found. See FORMAT.md.</summary>
/// <remarks>
/// A line of JSON and a line with its checksum. It is whole or absent: written under another name, to the disk, and
/// then renamed. The node's first start makes the renaming durable together with its own files, before it votes; if
/// the machine loses power before, the node finds the same cluster again.
/// </remarks>
internal static class BootstrapRecord
{
    public const string FileName = "bootstrap";
    private const int Version = 1;
    private const int MaxBytes = 4 << 20;
    private const int MaxDepth = 8;

    /// <exception cref="BootstrapException">It could not be written; no part of it is mistaken for it.</exception>
    public static void Write(string directory, BootstrapResult result)
    {
        string path = Path.Combine(directory, FileName);
        string unfinished = path + ".new";
        try
        {
            Directory.CreateDirectory(directory);
            byte[] bytes = Encode(result);
            using (FileStream file = new(
                unfinished, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0,
                FileOptions.WriteThrough))
            {
                file.Write(bytes);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BootstrapException(
                $"{path} cannot be written: {exception.Message.TrimEnd('.')}. Give the node's user room and write "
                + "access there, or choose another directory.",
                exception);
        }
    }

    /// <summary>Reads the file; null if there is none.</summary>
    /// <exception cref="BootstrapException">It is damaged, or cannot be read.</exception>
    public static BootstrapResult? TryRead(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
                return null;

            return file.Length <= MaxBytes && Decode(File.ReadAllBytes(path)) is { } result
                ? result
                : throw new BootstrapException(
                    $"{path} is damaged. If the node has never run, delete {directory}; else replace the member.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BootstrapException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    internal static byte[] Encode(BootstrapResult result)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("cluster", $"{result.ClusterId.Value:x}");
            json.WriteString("node", $"{result.NodeId.Value:x}");
            json.WriteBoolean("joins", result.JoinsExisting);
            json.WriteString("admission", Convert.ToHexStringLower(result.Admission.Span));
            json.WriteStartArray("members");
            foreach (BootstrapMember member in result.Members)
            {
                json.WriteStartObject();
                json.WriteString("id", $"{member.Id.Value:x}");
                json.WriteString("name", member.Name);
                json.WriteStartArray("peerUrls");
                foreach (string url in member.PeerUrls)
                    json.WriteStringValue(url);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        string checksum = $"\n{ChecksumOf(buffer.WrittenSpan):x8}\n";
        return [.. buffer.WrittenSpan, .. Encoding.ASCII.GetBytes(checksum)];
    }

    /// <summary>Reads the bytes; null if they are not whole.</summary>
    internal static BootstrapResult? Decode(ReadOnlyMemory<byte> bytes)
    {
        int end = bytes.Span.IndexOf((byte)'\n');
        if (end < 0 || !uint.TryParse(
                Encoding.ASCII.GetString(bytes.Span[(end + 1)..]).TrimEnd('\n'), NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture, out uint checksum)
            || checksum != ChecksumOf(bytes.Span[..end]))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(
                bytes[..end], new JsonDocumentOptions { MaxDepth = MaxDepth });
            return Read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException
            or KeyNotFoundException or FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    private static BootstrapResult? Read(JsonElement root)
    {
        if (root.GetProperty("version").GetInt32() != Version)
            return null;

        BootstrapMember[] members = [.. root.GetProperty("members").EnumerateArray().Select(member =>
            new BootstrapMember(
                new NodeId(Hex(member, "id")),
                member.GetProperty("name").GetString()!,
                [.. member.GetProperty("peerUrls").EnumerateArray().Select(
                    url => PeerUrl.Parse(url.GetString()!).ToString())]))];
        BootstrapResult result = new(
            new ClusterId(Hex(root, "cluster")), new NodeId(Hex(root, "node")), members,
            root.GetProperty("joins").GetBoolean())
        {
            Admission = Convert.FromHexString(root.GetProperty("admission").GetString()!),
        };
        bool isWhole = result.ClusterId.Value != 0 && !result.NodeId.IsNone
            && members.All(member => member.PeerUrls.Count > 0)
            && (result.JoinsExisting || members.Any(member => member.Id == result.NodeId));
        return isWhole ? result : null;
    }

    private static ulong Hex(JsonElement element, string name) => ulong.Parse(
        element.GetProperty(name).GetString()!, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static uint ChecksumOf(ReadOnlySpan<byte> bytes) =>
        Crc32C.Compute(bytes);
}
