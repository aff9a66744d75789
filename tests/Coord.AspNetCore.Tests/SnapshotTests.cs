using System.Security.Cryptography;
using Coord.AspNetCore.Tests.Harness;
using Coord.Kv;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Tests;

/// <summary>A snapshot comes in etcd's pieces, and they make a backup.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public async Task The_pieces_count_down_and_the_last_one_is_the_digest_of_the_others()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        for (int i = 0; i < 20; i++)
            await client.PutAsync($"k{i}", new string('v', 10_000));

        List<SnapshotResponse> pieces = [];
        using AsyncServerStreamingCall<SnapshotResponse> call = client.Download<SnapshotRequest, SnapshotResponse>(
            "etcdserverpb.Maintenance/Snapshot", new SnapshotRequest());
        await foreach (SnapshotResponse piece in call.ResponseStream.ReadAllAsync())
            pieces.Add(piece);

        byte[] content = [.. pieces.SkipLast(1).SelectMany(piece => piece.Blob)];
        ulong remaining = (ulong)content.Length;
        Assert.All(pieces.SkipLast(1), piece =>
        {
            Assert.InRange(piece.Blob.Length, 1, 32 * 1024);
            remaining -= (ulong)piece.Blob.Length;
            Assert.Equal(remaining, piece.RemainingBytes);
        });
        Assert.Equal(SHA256.HashData(content), pieces[^1].Blob.ToByteArray());
        Assert.Equal(0u, pieces[^1].RemainingBytes);

        string path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, [.. content, .. pieces[^1].Blob]);
        using (KeyValueBackup backup = KeyValueBackup.Open(path))
            Assert.Equal(21, backup.Revision.Value);
        File.Delete(path);
    }
}
