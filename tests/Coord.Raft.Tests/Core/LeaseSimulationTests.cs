using Coord.Raft.Core;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Raft.Tests.Core;

/// <summary>Thesis §6.4.1: lease reads are linearizable while clocks keep their declared bound; beyond, not.</summary>
/// <remarks>
/// Virtual time: each node has a clock of its own speed, messages take a while, and now and then one node is cut off,
/// which then goes on to believe that it leads. That the check fails with clocks outside the bound shows that it
/// looks where it matters.
/// </remarks>
public sealed class LeaseSimulationTests
{
    private const long Tick = 100_000_000;
    private const int DriftPercent = 10;

    [Property(MaxTest = 60)]
    public void Lease_reads_are_linearizable_while_clocks_keep_the_bound(DoNotSize<int> seed)
    {
        // At the bound: the slowest clock shows nine tenths of what the fastest shows.
        (int stale, _) = Run(seed.Item, slowest: 100 - DriftPercent);
        Assert.True(stale == 0, $"seed {seed.Item}: {stale} stale reads");
    }

    [Fact]
    public void Lease_reads_save_rounds_and_are_stale_when_clocks_break_the_bound()
    {
        int stale = 0;
        int reads = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            (int staleNow, int readsNow) = Run(seed, slowest: 30);
            stale += staleNow;
            reads += readsNow;
        }

        Assert.True(reads > 1000, $"{reads} reads");
        Assert.True(stale > 0, "Clocks outside the bound must show.");
    }

    private static (int Stale, int Reads) Run(int seed, int slowest) => new Simulation(seed, slowest).Run();

    private sealed class Simulation
    {
        private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
        private readonly Dictionary<ulong, LogIndex> _required = [];
        private readonly Bench[] _nodes;
        private readonly int[] _percent;
        private SplitMix _chance;
        private long _time;
        private long _order;
        private ulong _context;
        private int _isolated = -1;
        private int _stale;
        private int _answered;

        public Simulation(int seed, int slowest)
        {
            _chance = new SplitMix((ulong)seed);
            ulong seeds = _chance.Next();
            _nodes =
            [
                .. Enumerable.Range(1, 3).Select(i => Bench.Create(id: (ulong)i, options: options => options with
                {
                    Seed = seeds,
                    PreVote = true,
                    CheckQuorum = true,
                    LeaseReads = true,
                    LeaseDriftPercent = DriftPercent,
                    TickNanoseconds = Tick,
                })),
            ];
            // One clock is slow: if its owner leads, everybody else's time runs faster.
            int slow = _chance.Next(3);
            _percent = [.. Enumerable.Range(0, 3).Select(i => i == slow ? slowest : 100)];
        }

        public (int Stale, int Answered) Run()
        {
            for (int i = 0; i < 3; i++)
                ScheduleTick(i);
            Schedule(Tick, Client);
            Schedule(20 * Tick, Partition);
            while (_time < 400 * Tick)
            {
                _events.TryDequeue(out Action? action, out (long Time, long Order) key);
                _time = key.Time;
                action!();
            }

            return (_stale, _answered);
        }

        private void Schedule(long delay, Action action) => _events.Enqueue(action, (_time + delay, _order++));

        private void ScheduleTick(int i) => Schedule(Tick * 100 / _percent[i], () =>
        {
            At(i).Core.Tick();
            Flush(i);
            ScheduleTick(i);
        });

        private Bench At(int i)
        {
            _nodes[i].Core.Now = _time / 100 * _percent[i];
            return _nodes[i];
        }

        private void Client()
        {
            int i = _chance.Next(3);
            if (At(i).Core.Role is RaftRole.Leader)
            {
                if (_chance.Next(3) == 0)
                    _nodes[i].Core.Propose(EntryKind.Command, new byte[1], null, out _);
                _required[++_context] = _nodes.Max(node => node.Core.CommitIndex);
                _nodes[i].Core.ReadIndex(_context);
                Flush(i);
            }

            Schedule(Tick / 8, Client);
        }

        private void Partition()
        {
            int leader = Array.FindIndex(_nodes, node => node.Core.Role is RaftRole.Leader);
            _isolated = _isolated < 0 ? leader : -1;
            Schedule((10 + _chance.Next(20)) * Tick, Partition);
        }

        private void Flush(int i)
        {
            foreach (Message message in _nodes[i].Settle())
            {
                int to = (int)message.To.Value - 1;
                if (i == _isolated || to == _isolated)
                    continue;
                Schedule((Tick / 10) + _chance.Next((int)(Tick / 2)), () =>
                {
                    At(to).Core.Step(message);
                    Flush(to);
                });
            }

            foreach (ReadState read in _nodes[i].Reads)
            {
                _answered++;
                _stale += read.Index < _required[read.Context] ? 1 : 0;
            }

            _nodes[i].Reads.Clear();
        }
    }
}
