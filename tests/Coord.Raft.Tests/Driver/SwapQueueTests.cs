using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>The queue between threads: bounded, in order, and free of allocations.</summary>
public sealed class SwapQueueTests
{
    [Fact]
    public void What_was_added_is_drained_once_and_in_order()
    {
        SwapQueue<int> queue = new(1000);
        for (int i = 0; i < 100; i++)
            Assert.True(queue.TryEnqueue(i));

        Assert.Equal(Enumerable.Range(0, 100), queue.Drain().ToArray());
        Assert.True(queue.Drain().IsEmpty);
        Assert.True(queue.IsEmpty);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(100)]
    public void A_full_queue_refuses_and_takes_again_after_a_drain(int capacity)
    {
        SwapQueue<int> queue = new(capacity);
        for (int i = 0; i < capacity; i++)
            Assert.True(queue.TryEnqueue(i));

        Assert.False(queue.TryEnqueue(-1));
        Assert.Equal(capacity, queue.Drain().Length);
        Assert.True(queue.TryEnqueue(0));
    }

    [Fact]
    public void A_closed_queue_hands_out_what_it_has_and_takes_no_more()
    {
        SwapQueue<int> queue = new(10);
        queue.TryEnqueue(1);

        Assert.Equal([1], queue.Close().ToArray());
        Assert.False(queue.TryEnqueue(2));
    }

    [Fact]
    public void A_steady_flow_allocates_nothing()
    {
        SwapQueue<long> queue = new(1000);
        void Turn()
        {
            for (int i = 0; i < 500; i++)
                queue.TryEnqueue(i);
            queue.Drain();
        }

        // The least of several measurements: the runtime may allocate for itself once, the queue does so each time.
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
                Turn();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }
}
