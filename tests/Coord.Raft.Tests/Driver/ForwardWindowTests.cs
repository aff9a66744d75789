using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>Proposals of one member are taken once, whatever the network does to them.</summary>
public sealed class ForwardWindowTests
{
    [Theory]
    [InlineData(0UL)]
    [InlineData(500UL)]
    [InlineData(ulong.MaxValue - 2)]
    public void Each_number_is_accepted_once_in_any_order(ulong start)
    {
        ForwardWindow window = new();
        for (ulong i = 0; i < 3 * ForwardWindow.Size; i += 2)
        {
            Assert.True(window.TryAccept(start + i + 1));
            Assert.True(window.TryAccept(start + i));
            Assert.False(window.TryAccept(start + i + 1));
            Assert.False(window.TryAccept(start + i));
            Assert.False(window.TryAccept(start));
        }
    }

    [Fact]
    public void A_leap_forgets_what_lies_behind_the_window_and_repeats_nothing()
    {
        ForwardWindow window = new();
        Assert.True(window.TryAccept(7));
        Assert.True(window.TryAccept(7 + (5 * ForwardWindow.Size)));

        Assert.False(window.TryAccept(7));
        Assert.True(window.TryAccept(6 + (5 * ForwardWindow.Size)));
    }

    [Fact]
    public void A_new_run_of_the_sender_starts_anywhere()
    {
        ForwardWindow window = new();
        Assert.True(window.TryAccept(1UL << 60));
        Assert.True(window.TryAccept(1UL << 50));
        Assert.False(window.TryAccept(1UL << 50));
        Assert.True(window.TryAccept((1UL << 50) + 1));
    }
}
