using System.Collections.Concurrent;
using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>Who runs a loop: its own thread, or whoever has something for it while that sleeps.</summary>
public sealed class LoopThreadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_sleeping_loop_runs_on_the_thread_that_knocks()
    {
        using TestLoop loop = new(LoopSharing.HelpsAndIsHelped);
        int here = Environment.CurrentManagedThreadId;

        // The thread may just be awake; then it takes the work itself.
        loop.AwaitThat(() =>
        {
            loop.Work.Enqueue(() => { });
            loop.Signal.Run();
            return loop.Threads.Contains(here);
        });
    }

    [Fact]
    public void A_loop_that_is_not_to_be_helped_runs_on_its_own_thread()
    {
        using TestLoop loop = new(LoopSharing.HelpsAndWaits);

        for (int i = 0; i < 50; i++)
        {
            int done = loop.Done;
            loop.Work.Enqueue(() => { });
            loop.Signal.Run();
            loop.AwaitThat(() => loop.Done > done);
        }

        Assert.Single(loop.Threads.Distinct());
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, loop.Threads);
    }

    [Fact]
    public void A_loop_that_waits_is_run_after_all_others_by_a_thread_that_can_wait_and_by_no_other()
    {
        using TestLoop outer = new(LoopSharing.HelpsAndIsHelped), quick = new(LoopSharing.HelpsAndIsHelped);
        using TestLoop waiting = new(LoopSharing.HelpsAndWaits);
        int here = Environment.CurrentManagedThreadId;
        for (int i = 0; i < 50; i++)
            RunAll(canWait: false);
        Assert.DoesNotContain(here, waiting.Threads);

        outer.AwaitThat(() =>
        {
            bool wasLast = RunAll(canWait: true);
            Assert.True(!waiting.Threads.Contains(here) || wasLast || !quick.Threads.Contains(here));
            return waiting.Threads.Contains(here);
        });

        bool RunAll(bool canWait)
        {
            (int quickDone, int waitingDone) = (quick.Done, waiting.Done);
            bool wasLast = false;
            outer.Work.Enqueue(() =>
            {
                waiting.Work.Enqueue(() => wasLast = quick.Done > quickDone);
                waiting.Signal.Offer();
                quick.Work.Enqueue(() => { });
                quick.Signal.Offer();
            });
            outer.Signal.Run(canWait);
            outer.AwaitThat(() => quick.Done > quickDone && waiting.Done > waitingDone);
            return wasLast;
        }
    }

    [Fact]
    public void No_knock_is_lost_and_nobody_is_inside_twice()
    {
        using TestLoop loop = new(LoopSharing.HelpsAndIsHelped);
        const int Knocks = 20_000;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(number => new Thread(() =>
        {
            for (int i = 0; i < Knocks; i++)
            {
                loop.Work.Enqueue(() => { });
                switch ((i + number) % 3)
                {
                    case 0: loop.Signal.Run(); break;
                    case 1: loop.Signal.Set(); break;
                    default: loop.Signal.Offer(); break;
                }
            }
        }))];

        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        loop.AwaitThat(() => loop.Done == 4 * Knocks);
        Assert.False(loop.WasShared);
        Assert.Null(loop.Failure);
    }

    [Fact]
    public void Loops_that_knock_on_each_other_take_turns_and_never_run_within_one_another()
    {
        using TestLoop left = new(LoopSharing.HelpsAndIsHelped), right = new(LoopSharing.HelpsAndIsHelped);
        int rounds = 0;
        bool isNested = false;
        const int Limit = 2_000;

        void Pass(TestLoop to, TestLoop from)
        {
            isNested |= from.Depth.Value > 1 || to.Depth.Value > 0;
            if (Interlocked.Increment(ref rounds) > Limit)
                return;

            to.Work.Enqueue(() => Pass(from, to));
            to.Signal.Offer();
        }

        left.Work.Enqueue(() => Pass(right, left));
        left.Signal.Run();

        left.AwaitThat(() => Volatile.Read(ref rounds) > Limit);
        Assert.False(isNested);
        Assert.False(left.WasShared);
        Assert.False(right.WasShared);
    }

    [Fact]
    public void What_a_turn_calls_may_wait_for_another_loop()
    {
        using TestLoop outer = new(LoopSharing.HelpsAndIsHelped), inner = new(LoopSharing.HelpsAndIsHelped);
        bool wasDone = false;
        outer.Work.Enqueue(() =>
        {
            inner.Work.Enqueue(() => { });
            inner.Signal.Run();
            wasDone = SpinWait.SpinUntil(() => inner.Done > 0, Patience);
        });

        outer.Signal.Run();

        outer.AwaitThat(() => outer.Done > 0);
        Assert.True(wasDone);
    }

    [Fact]
    public void A_failure_on_another_thread_ends_the_loop_and_spares_the_thread()
    {
        using TestLoop loop = new(LoopSharing.HelpsAndIsHelped);
        int here = Environment.CurrentManagedThreadId;
        loop.AwaitThat(() =>
        {
            // Only once the loop has run here is it sure that its own thread sleeps, or will soon.
            loop.Work.Enqueue(() => { });
            loop.Signal.Run();
            return loop.Threads.Contains(here);
        });

        loop.Work.Enqueue(() => throw new InvalidOperationException("broken"));
        loop.Signal.Run();

        loop.AwaitThat(() => loop.Failure is not null);
        int done = loop.Done;
        loop.Work.Enqueue(() => { });
        loop.Signal.Run();
        loop.Pump.StopAndJoin();
        Assert.Equal(done, loop.Done);
        Assert.Equal("broken", loop.Failure!.Message);
    }

    [Fact]
    public void Whoever_waits_for_a_loop_that_failed_elsewhere_waits_until_the_failure_was_told()
    {
        using TestLoop loop = new(LoopSharing.HelpsAndIsHelped) { NextWake = TimeSpan.FromMilliseconds(1) };
        int here = Environment.CurrentManagedThreadId;
        Thread stopper = new(loop.Dispose);
        bool? wasEarly = null;
        loop.OnFailure = () =>
        {
            stopper.Start();
            bool isHere = Environment.CurrentManagedThreadId == here;
            wasEarly = isHere && stopper.Join(TimeSpan.FromMilliseconds(100));
        };
        loop.AwaitThat(() =>
        {
            // Only once the loop has run here is it likely that its own thread sleeps when it fails.
            loop.Work.Enqueue(() => { });
            loop.Signal.Run();
            return loop.Threads.Contains(here);
        });

        loop.Work.Enqueue(() => throw new InvalidOperationException("broken"));
        loop.Signal.Run();

        loop.AwaitThat(() => wasEarly is not null);
        stopper.Join();
        Assert.False(wasEarly);
    }

    [Fact]
    public void Nothing_runs_after_the_loop_was_stopped_however_many_knock()
    {
        for (int round = 0; round < 50; round++)
        {
            using TestLoop loop = new(LoopSharing.HelpsAndIsHelped);
            bool stop = false;
            Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    loop.Work.Enqueue(() => { });
                    loop.Signal.Run();
                }
            }))];
            Array.ForEach(threads, thread => thread.Start());
            loop.AwaitThat(() => loop.Done > 100);

            loop.AcceptsWork = false; // A loop that gets work without end has no end.
            loop.Pump.StopAndJoin();
            int turns = loop.Turns;
            loop.Signal.Run();
            Thread.Yield();

            Assert.Equal(turns, loop.Turns);
            Volatile.Write(ref stop, true);
            Array.ForEach(threads, thread => thread.Join());
            Assert.Equal(turns, loop.Turns);
        }
    }

    [Fact]
    public void Stopping_from_within_a_turn_does_not_wait_for_it()
    {
        using TestLoop loop = new(LoopSharing.HelpsAndIsHelped);
        loop.Work.Enqueue(loop.Pump.StopAndJoin);

        loop.Signal.Run();

        loop.AwaitThat(() => loop.Done > 0);
        loop.Pump.StopAndJoin();
    }

    [Fact]
    public void What_was_queued_before_the_end_is_done()
    {
        for (int round = 0; round < 200; round++)
        {
            using TestLoop loop = new(LoopSharing.HelpsAndIsHelped);
            for (int i = 0; i < 20; i++)
            {
                loop.Work.Enqueue(() => { });
                loop.Signal.Run();
            }

            loop.Work.Enqueue(() => { });
            loop.Pump.StopAndJoin();
            Assert.Equal(21, loop.Done);
        }
    }

    private sealed class TestLoop : ILoop, IDisposable
    {
        private int _inside;

        public TestLoop(LoopSharing sharing)
        {
            Pump = new LoopThread(new LoopPumpOptions(
                new NodeId(1), "test", this, Signal, () => NextWake, sharing, Fail));
            Pump.Start();
        }

        public LoopSignal Signal { get; } = new();

        public LoopThread Pump { get; }

        public ConcurrentQueue<Action> Work { get; } = new();

        public ConcurrentQueue<int> Threads { get; } = new();

        public ThreadLocal<int> Depth { get; } = new();

        public bool AcceptsWork { get; set; } = true;

        public bool WasShared { get; private set; }

        public int Done { get; private set; }

        public int Turns { get; private set; }

        public Exception? Failure { get; private set; }

        public TimeSpan NextWake { get; init; } = TimeSpan.FromSeconds(1);

        public Action OnFailure { get; set; } = static () => { };

        bool ILoop.Pump()
        {
            WasShared |= Interlocked.Increment(ref _inside) != 1;
            Depth.Value++;
            Turns++;
            Threads.Enqueue(Environment.CurrentManagedThreadId);
            try
            {
                bool worked = false;
                while (AcceptsWork && Work.TryDequeue(out Action? work))
                {
                    work();
                    Done++;
                    worked = true;
                }

                return worked;
            }
            finally
            {
                Depth.Value--;
                Interlocked.Decrement(ref _inside);
            }
        }

        private void Fail(Exception failure)
        {
            Failure = failure;
            OnFailure();
        }

        public void AwaitThat(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Patience));

        public void Dispose()
        {
            Pump.StopAndJoin();
            Signal.Dispose();
            Depth.Dispose();
        }
    }
}
