using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests.Backup;

/// <summary>A damaged backup is refused with what is wrong, and never anything else happens.</summary>
public sealed class BackupDamageTests
{
    private static readonly byte[] Sample = MakeSample();

    [Fact]
    public void Any_changed_byte_breaks_the_digest()
    {
        for (int offset = 0; offset < Sample.Length; offset += 101)
        {
            byte[] damaged = [.. Sample];
            damaged[offset] ^= 0x10;
            Refuses(damaged, requireDigest: true);
        }
    }

    /// <summary>Without a digest to compare, the structure alone has to bear it.</summary>
    [Property(MaxTest = 2_000)]
    public void Damage_without_a_digest_is_read_or_refused(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        byte[] damaged = Sample[..^32];
        for (int flips = random.Next(1, 4); flips > 0; flips--)
        {
            // Half of it where the structure is: the first bytes of a page.
            int page = random.Next(damaged.Length / 4096);
            int within = random.Next(2) == 0 ? random.Next(16 + 64) : random.Next(4096);
            damaged[(page * 4096) + within] = (byte)random.Next(256);
        }

        using BackupFile file = new(damaged);
        try
        {
            using KeyValueBackup backup = KeyValueBackup.Open(file.Path, requireDigest: false);
            Assert.All(backup.ReadVersions(), change => Assert.False(change.KeyValue.Key.IsEmpty));
            using MemoryStream state = new();
            backup.WriteState(state, new() { RevisionBump = random.Next(2) }, CancellationToken.None);
            new TestStore().Restore(state.ToArray());
        }
        catch (InvalidDataException refusal)
        {
            // The state machine refuses what has the right form and cannot be, such as a version out of its order.
            Assert.Matches("backup|snapshot", refusal.Message);
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        for (int length = 0; length < Sample.Length; length += length < 300 ? 1 : 509)
            Refuses(Sample[..length], requireDigest: false, mayHold: length >= Sample.Length - 32);
    }

    [Fact]
    public void A_missing_digest_is_refused_unless_it_is_asked_for()
    {
        Refuses(Sample[..^32], requireDigest: true);
        using BackupFile file = new(Sample[..^32]);
        using KeyValueBackup backup = KeyValueBackup.Open(file.Path, requireDigest: false);
        Assert.Equal(42, backup.Revision.Value);
    }

    [Property(MaxTest = 200)]
    public void Rubbish_is_refused(byte[] rubbish) => Refuses(rubbish, requireDigest: false);

    /// <summary>One copy of the first page is enough, as it is after a power cut in etcd.</summary>
    [Fact]
    public void The_second_copy_of_the_first_page_is_as_good()
    {
        byte[] damaged = Sample[..^32];
        Array.Clear(damaged, 0, 4096);
        using BackupFile file = new(damaged);
        using KeyValueBackup backup = KeyValueBackup.Open(file.Path, requireDigest: false);
        Assert.Equal(42, backup.Revision.Value);
    }

    private static void Refuses(byte[] content, bool requireDigest, bool mayHold = false)
    {
        using BackupFile file = new(content);
        try
        {
            KeyValueBackup.Open(file.Path, requireDigest).Dispose();
            Assert.True(mayHold, $"{content.Length} bytes were taken for a backup.");
        }
        catch (InvalidDataException refusal)
        {
            Assert.Contains("backup", refusal.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] MakeSample()
    {
        TestStore store = new();
        for (int i = 0; i < 40; i++)
            store.Put($"k{i % 15}", new string('v', i * 30));
        store.Delete(KeyRange.Single("k3"));
        store.Compact(20);
        return BackupFile.BytesOf(store);
    }
}
