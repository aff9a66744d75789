using Coord.Kv.Mvcc;

namespace Coord.Kv.Tests;

/// <summary>Reading ahead changes nothing but when the source is read.</summary>
public sealed class ReadAheadStreamTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(256 * 1024)]
    [InlineData((256 * 1024) + 1)]
    [InlineData(9_999_999)]
    public void The_bytes_come_as_they_are(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using ReadAheadStream stream = new(new Source(bytes, failAt: int.MaxValue));
        MemoryStream copy = new();
        stream.CopyTo(copy, 1000);
        Assert.Equal(bytes, copy.ToArray());
        Assert.Equal(-1, stream.ReadByte());
        Assert.Equal(-1, stream.ReadByte());
    }

    [Fact]
    public void What_the_source_throws_is_thrown_within_a_block_of_its_place()
    {
        using ReadAheadStream stream = new(new Source(new byte[3_000_000], failAt: 2_500_000));
        MemoryStream copy = new();
        Assert.Throws<IOException>(() => stream.CopyTo(copy, 1000));
        Assert.InRange(copy.Length, 2_500_000 - (256 * 1024), 2_520_000);
        Assert.Throws<IOException>(() => stream.ReadByte());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5_000_000)]
    public void The_source_is_left_alone_once_it_is_disposed(int read)
    {
        Source source = new(new byte[20_000_000], failAt: int.MaxValue);
        ReadAheadStream stream = new(source);
        stream.ReadExactly(new byte[read]);
        stream.Dispose();
        stream.Dispose();
        long position = source.Position;
        Assert.InRange(position, read, read + (3 * 1024 * 1024));
        Assert.True(source.CanRead);
    }

    private sealed class Source(byte[] bytes, int failAt) : MemoryStream(bytes)
    {
        private int _calls;

        public override int Read(Span<byte> buffer)
        {
            if (Position >= failAt)
                throw new IOException("The disk is gone.");
            return base.Read(buffer[..Math.Min(buffer.Length, 10_000 + (_calls++ % 7))]);
        }
    }
}
