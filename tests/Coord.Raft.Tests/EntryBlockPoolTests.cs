namespace Coord.Raft.Tests;

/// <summary>Blocks are used again; a pool that keeps few lets the others go, and stays correct.</summary>
public sealed class EntryBlockPoolTests
{
    private const int Few = 16;

    [Theory]
    [InlineData(false, 100)]
    [InlineData(true, Few)]
    public void What_is_returned_is_used_again(bool keepsFew, int kept)
    {
        EntryBlockPool pool = new() { KeepsFew = keepsFew };
        EntryBlock[] first = Rent(pool, 100);
        foreach (EntryBlock block in first)
            block.Release();
        Assert.Equal(kept, Rent(pool, 100).Intersect(first).Count());
    }

    [Fact]
    public void Whoever_still_holds_a_reference_keeps_what_is_in_the_block()
    {
        EntryBlockPool pool = new() { KeepsFew = true };
        EntryBlock[] blocks = Rent(pool, 3 * Few);
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i].Bytes.AsSpan().Fill((byte)(i + 1));
            blocks[i].AddReferences();
        }

        for (int i = 0; i < blocks.Length; i++)
            blocks[i].Release(i % 2 == 0 ? 2 : 1);
        for (int i = 1; i < blocks.Length; i += 2)
            Assert.False(blocks[i].Bytes.AsSpan().ContainsAnyExcept((byte)(i + 1)));
    }

    [Fact]
    public void Only_whole_pages_are_discarded_and_what_lies_around_them_stays()
    {
        byte[] bytes = GC.AllocateArray<byte>(100_000, pinned: true);
        bytes.AsSpan().Fill(7);
        ResidentPages.Discard(bytes.AsSpan(10_000, 50_000));
        Assert.False(bytes.AsSpan(0, 10_000).ContainsAnyExcept((byte)7));
        Assert.False(bytes.AsSpan(60_000).ContainsAnyExcept((byte)7));
        bytes.AsSpan(10_000, 50_000).Fill(8);
        Assert.False(bytes.AsSpan(10_000, 50_000).ContainsAnyExcept((byte)8));
        ResidentPages.Discard(bytes.AsSpan(1, 100));
        ResidentPages.Discard(default);
        Assert.Equal(7, bytes[1]);
    }

    private static EntryBlock[] Rent(EntryBlockPool pool, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => pool.Rent())];
}
