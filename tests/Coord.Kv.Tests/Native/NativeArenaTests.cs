using Coord.Kv.Mvcc.Native;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests.Native;

/// <summary>Blocks never overlap, and what is given back is used again.</summary>
public sealed unsafe class NativeArenaTests
{
    [Fact]
    public void A_size_class_wastes_at_most_7_bytes_or_an_eighth()
    {
        for (int bytes = 1; bytes <= 100_000; bytes++)
        {
            int size = SizeClass.Bytes(SizeClass.Of(bytes));
            Assert.InRange(size - bytes, 0, Math.Max(7, bytes / 8));
            Assert.Equal(SizeClass.Of(bytes), SizeClass.Of(size));
            Assert.InRange(SizeClass.Of(bytes + 1) - SizeClass.Of(bytes), 0, 1);
        }
    }

    [Property(MaxTest = 100)]
    public void Blocks_keep_their_content_and_are_counted(DoNotSize<int> seed) => Run(seed.Item);

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(NativeArena.DefaultPageBytes)]
    public void Memory_of_one_size_is_used_again_for_another(int pageBytes)
    {
        using NativeArena arena = new(pageBytes);
        long most = 0;
        foreach (int size in new[] { 24, 56, 48, 16, 40, pageBytes / 8 })
        {
            nint[] blocks = new nint[1_000_000 / size];
            for (int i = 0; i < blocks.Length; i++)
                blocks[i] = (nint)arena.Allocate(size);
            most = Math.Max(most, arena.UsedBytes);
            foreach (nint block in blocks)
                arena.Free((void*)block, size);
            Assert.Equal(0, arena.UsedBytes);

            // Whatever the sizes were: what was free served the next.
            Assert.InRange(arena.AllocatedBytes, 0, 1_300_000 + (64 * pageBytes));
        }

        Assert.InRange(most, 950_000, 1_200_000);
    }

    /// <summary>What a supply has ready is used, and what nobody used goes back.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(200_000)]
    public void An_arena_with_a_supply_is_like_any_other(int blocks)
    {
        using NativeArena arena = new();
        arena.BeginSupply();
        for (int i = 0; i < blocks; i++)
            new Span<byte>(arena.Allocate(344), 344).Fill((byte)i);
        arena.EndSupply();
        arena.Allocate(344);
        Assert.Equal((blocks + 1) * 344L, arena.UsedBytes);
        Assert.InRange(arena.AllocatedBytes, arena.UsedBytes, (arena.UsedBytes * 9 / 8) + (1 << 20));
    }

    [Fact]
    public void What_is_allocated_exceeds_what_is_in_use_by_little()
    {
        using NativeArena arena = new();
        for (int i = 0; i < 100_000; i++)
            arena.Allocate(344);
        Assert.InRange(arena.UsedBytes, 34_400_000, 34_400_000);
        Assert.InRange(arena.AllocatedBytes, 34_400_000, 39_000_000);
    }

    [Fact]
    public void A_small_arena_takes_little()
    {
        using NativeArena arena = new();
        arena.Allocate(10);
        Assert.InRange(arena.AllocatedBytes, 1, 256 * 1024);
    }

    [Fact]
    public void An_arena_that_is_gone_holds_nothing()
    {
        NativeArena arena = new();
        for (int i = 1; i < 100_000; i += 1000)
            arena.Allocate(i);
        arena.Dispose();
        arena.Dispose();
        Assert.Equal((0, 0), (arena.UsedBytes, arena.AllocatedBytes));
    }

    private static void Run(int seed)
    {
        Random random = new(seed);
        int pageBytes = 512 << random.Next(8);
        using NativeArena arena = new(pageBytes);
        List<(nint Block, int Bytes, byte Fill)> blocks = [];
        long used = 0;
        for (int phase = 0; phase < 8; phase++)
        {
            int chanceOfFree = random.Next(20, 80);
            int maxBytes = 1 << random.Next(1, 13);
            for (int i = 0; i < 800; i++)
            {
                if (blocks.Count > 0 && random.Next(100) < chanceOfFree)
                {
                    int victim = random.Next(blocks.Count);
                    used -= Free(arena, blocks[victim]);
                    blocks[victim] = blocks[^1];
                    blocks.RemoveAt(blocks.Count - 1);
                }
                else
                {
                    int bytes = random.Next(1, maxBytes + 1);
                    byte fill = (byte)random.Next(200);
                    byte* block = arena.Allocate(bytes);
                    Assert.Equal(0, (nint)block % 8);
                    new Span<byte>(block, bytes).Fill(fill);
                    blocks.Add(((nint)block, bytes, fill));
                    used += SizeOf(arena, bytes);
                }

                Assert.Equal(used, arena.UsedBytes);
                Assert.True(arena.AllocatedBytes >= used);
            }

            AssertApart(blocks);
        }

        foreach ((nint Block, int Bytes, byte Fill) block in blocks)
            used -= Free(arena, block);
        Assert.Equal((0, 0), (used, arena.UsedBytes));
    }

    private static int SizeOf(NativeArena arena, int bytes) =>
        bytes > arena.MaxPooledBytes ? bytes : SizeClass.Bytes(SizeClass.Of(bytes));

    private static int Free(NativeArena arena, (nint Block, int Bytes, byte Fill) block)
    {
        Span<byte> content = new((void*)block.Block, block.Bytes);
        Assert.False(content.ContainsAnyExcept(block.Fill), "Nobody else wrote here.");
        arena.Free((void*)block.Block, block.Bytes);
        return SizeOf(arena, block.Bytes);
    }

    private static void AssertApart(List<(nint Block, int Bytes, byte Fill)> blocks)
    {
        nint end = 0;
        foreach ((nint block, int bytes, _) in blocks.OrderBy(block => block.Block))
        {
            Assert.True(block >= end);
            end = block + bytes;
        }
    }
}
