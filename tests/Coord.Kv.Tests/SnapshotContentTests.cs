using Coord.Kv.Mvcc;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Tests;

/// <summary>A snapshot whose checksums are right but whose content cannot be is refused, with what is wrong.</summary>
public sealed class SnapshotContentTests
{
    private const long Compacted = 10;
    private const long Revision = 12;

    /// <summary>
    /// Records as <c>V key mod create version</c> before the changes, then <c>C key mod sub create version</c> for a
    /// put and <c>D ...</c> for a deletion.
    /// </summary>
    [Theory]
    [InlineData("keys are not in order", "V b 5 5 1, V a 6 6 1")]
    [InlineData("keys are not in order", "V a 5 5 1, V a 6 6 1")]
    [InlineData("before the first write", "V a 1 1 1")]
    [InlineData("was not compacted", "V a 11 11 1")]
    [InlineData("created after it was changed", "V a 5 6 1")]
    [InlineData("impossible number", "V a 5 5 2")]
    [InlineData("impossible number", "V a 5 5 0")]
    [InlineData("no such revision", "C a 13 0 13 1")]
    [InlineData("no such revision", "C a 1 0 1 1")]
    [InlineData("not in order", "C a 10 1 10 1, C b 10 0 10 1")]
    [InlineData("is missing", "C a 10 0 10 1, C b 12 0 12 1")]
    [InlineData("create revision does not fit", "C a 10 0 9 1")]
    [InlineData("does not follow", "C a 10 0 10 2")]
    [InlineData("does not follow", "V a 9 5 2, C a 10 0 5 4")]
    [InlineData("A deletion has a version", "D a 10 0 10 1")]
    [InlineData("last changes are missing", "C a 10 0 10 1")]
    [InlineData("last changes are missing", "")]
    [InlineData("first changes are missing", "C a 12 0 12 1")]
    public void What_cannot_be_is_refused(string complaint, string records) =>
        Assert.Contains(complaint, Refusal(Revision, Compacted, records), StringComparison.Ordinal);

    [Fact]
    public void What_can_be_is_accepted() => Restore(
        Revision, Compacted, "V a 9 5 2, C a 10 0 5 3, C b 10 1 10 1, D a 11 0 0 0, C a 12 0 12 1");

    /// <summary>etcd drops the changes of the compacted revision, so a state made from its files has none.</summary>
    [Theory]
    [InlineData(12, 10, "V a 10 5 3, C b 11 0 11 1, C a 12 0 5 4")]
    [InlineData(10, 10, "V a 10 5 3")]
    [InlineData(10, 10, "")]
    public void The_changes_of_the_compacted_revision_may_be_gone(long revision, long compacted, string records) =>
        Restore(revision, compacted, records);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 6)]
    [InlineData(5, -1)]
    public void Impossible_revisions_are_refused(long revision, long compacted) =>
        Assert.Contains("revision", Refusal(revision, compacted, ""), StringComparison.Ordinal);

    [Fact]
    public void Sizes_that_do_not_add_up_are_refused() =>
        Assert.Throws<InvalidDataException>(
            () => MvccStore.StartLoading(1, 0, StoreLayout.Default).EndLoading(usedBytes: 5));

    private static string Refusal(long revision, long compacted, string records) =>
        Assert.Throws<InvalidDataException>(() => Restore(revision, compacted, records)).Message;

    private static void Restore(long revision, long compacted, string records)
    {
        MemoryStream stream = new();
        SnapshotWriter writer = new(stream, revision, compacted);
        foreach (string record in records.Split(", ", StringSplitOptions.RemoveEmptyEntries))
            Write(writer, record.Split(' '));
        writer.End(lastLeaseStamp: 0);
        new TestStore().Restore(stream.ToArray());
    }

    private static void Write(SnapshotWriter writer, string[] fields)
    {
        long[] numbers = [.. fields[2..].Select(long.Parse)];
        bool isVersion = fields[0] == "V";
        SnapshotRecords records = new();
        records.Add(new SnapshotRecord
        {
            IsTombstone = fields[0] == "D",
            Key = TestStore.Bytes(fields[1]),
            Value = TestStore.Bytes(fields[0] == "D" ? "" : "v"),
            Stamp = new(numbers[0], isVersion ? 0 : (int)numbers[1]),
            CreateRevision = numbers[^2],
            Version = numbers[^1],
        });
        writer.Write(isVersion ? SnapshotBlock.Versions : SnapshotBlock.Changes, records);
    }
}
