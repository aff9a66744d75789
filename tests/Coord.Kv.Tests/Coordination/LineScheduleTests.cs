using Coord.Kv.Coordination;
using FsCheck;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests.Coordination;

/// <summary>
/// Many compete while a seed picks in which order calls happen, who gives up and whose lease ends: everybody gets his
/// turn, nobody shares what is not to be shared, and tokens never go back.
/// </summary>
/// <remarks>A failure prints its seed; add it to the replays, where it stays.</remarks>
public sealed class LineScheduleTests
{
    [Property(MaxTest = 150)]
    public void No_wake_up_is_lost_and_nobody_overlaps(DoNotSize<int> seed) => Run(seed.Item, mortal: false);

    [Property(MaxTest = 40)]
    public void Tokens_never_go_back_when_leases_end(DoNotSize<int> seed) => Run(seed.Item, mortal: true);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Replay(int seed, bool mortal) => Run(seed, mortal);

    private static void Run(int seed, bool mortal)
    {
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            new Contest(seed, mortal).Run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>One run: participants that acquire, work and let go, again and again.</summary>
    private sealed class Contest
    {
        private const int Participants = 5;
        private const int Turns = 4;
        private const string Name = "l";

        private readonly Lock _lock = new();
        private readonly FakeTimeProvider _clock = new();
        private readonly Schedule _schedule;
        private readonly MemoryStore _store;
        private readonly string _label;
        private readonly bool _mortal;
        private readonly int _recipe;
        private readonly CoordinationSession?[] _sessions = new CoordinationSession?[Participants];
        private readonly CancellationTokenSource?[] _waiting = new CancellationTokenSource?[Participants];
        private readonly List<long> _writes = [];
        private int _readers;
        private int _writers;
        private int _cancelled;
        private int _ended;

        public Contest(int seed, bool mortal)
        {
            _schedule = new(seed);
            _store = new(_clock, _schedule);
            _mortal = mortal;
            _recipe = _schedule.Random.Next(3);
            _label = $"seed {seed}, mortal {mortal}, recipe {_recipe}";
        }

        public void Run()
        {
            Task all = Task.WhenAll(Enumerable.Range(0, Participants).Select(ParticipateAsync).ToList());
            int stalls = 0;
            while (!all.IsCompleted)
            {
                Disturb();
                if (_schedule.Step() || (_mortal && WaitForOthers(all, milliseconds: 5)))
                    continue;

                // What was cancelled on its way may have happened after its removal: it is removed again later.
                if (_cancelled + _ended == 0)
                    Assert.True(WaitForOthers(all, 10_000), $"{_label}: nothing goes on, and not all are done.");
                Assert.True(stalls++ < 1000, $"{_label}: nothing goes on for long, and not all are done.");
                _clock.Leap(0.1);
            }

            all.GetAwaiter().GetResult();
            Assert.True(_writes.SequenceEqual(_writes.Order()) || _recipe == 2, $"{_label}: a token went back.");
            DrainUntilEmpty();
        }

        /// <summary>Lets what went on to the thread pool come back, as the callbacks of lost sessions do.</summary>
        private bool WaitForOthers(Task all, int milliseconds) =>
            SpinWait.SpinUntil(() => all.IsCompleted || _schedule.IsReady, milliseconds);

        private void DrainUntilEmpty()
        {
            for (int i = 0; i < 1000; i++)
            {
                while (_schedule.Step())
                {
                }

                if (_store.Keys.TrueForAll(key => !key.StartsWith($"{Name}/", StringComparison.Ordinal)))
                    return;
                _clock.Leap(0.1);
            }

            Assert.Fail($"{_label}: left behind: {string.Join(' ', _store.Keys)}");
        }

        private void Disturb()
        {
            Random random = _schedule.Random;
            int who = random.Next(Participants);
            if (random.Next(40) == 0 && Volatile.Read(ref _waiting[who]) is { } leave)
            {
                _cancelled++;
                leave.Cancel();
            }

            if (_mortal && random.Next(60) == 0 && Volatile.Read(ref _sessions[who]) is { } session)
            {
                _ended++;
                _store.Expire(session.Lease);
            }
        }

        private async Task ParticipateAsync(int who)
        {
            for (int turn = 0; turn < Turns;)
            {
                if (_sessions[who] is not { IsLost: false } session)
                {
                    CoordinationSessionOptions options = new() { TimeProvider = _clock };
                    session = await CoordinationSession.CreateAsync(_store, options).ConfigureAwait(false);
                    Volatile.Write(ref _sessions[who], session);
                }

                if (await TryTurnAsync(who, turn, session).ConfigureAwait(false))
                    turn++;
            }
        }

        private async Task<bool> TryTurnAsync(int who, int turn, CoordinationSession session)
        {
            bool isReader = _recipe == 1 && (who + turn) % 2 == 0;
            using CancellationTokenSource leave = new();
            Volatile.Write(ref _waiting[who], leave);
            CoordinationHandle held;
            try
            {
                held = await AcquireAsync(session, isReader, leave.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
            catch (SessionLostException)
            {
                Assert.True(_mortal, _label);
                return false;
            }
            finally
            {
                Volatile.Write(ref _waiting[who], null);
            }

            await WorkAsync(held, isReader).ConfigureAwait(false);
            await held.ReleaseAsync().ConfigureAwait(false);
            return true;
        }

        private ValueTask<CoordinationHandle> AcquireAsync(
            CoordinationSession session, bool isReader, CancellationToken cancellationToken) => _recipe switch
            {
                0 => new DistributedLock(session, Name).AcquireAsync(cancellationToken),
                1 when isReader => new DistributedReaderWriterLock(session, Name).AcquireReadAsync(cancellationToken),
                1 => new DistributedReaderWriterLock(session, Name).AcquireWriteAsync(cancellationToken),
                _ => new DistributedSemaphore(session, Name, 2).AcquireAsync(cancellationToken),
            };

        private async Task WorkAsync(CoordinationHandle held, bool isReader)
        {
            int readers = isReader ? Interlocked.Increment(ref _readers) : Volatile.Read(ref _readers);
            int writers = isReader ? Volatile.Read(ref _writers) : Interlocked.Increment(ref _writers);

            // Whose lease ended may not know it yet: then only the store can tell them apart.
            if (!_mortal)
                Assert.True(_recipe == 2 ? writers <= 2 : writers + (readers > 0 ? 1 : 0) <= 1, $"{_label}: overlap.");

            TransactionResult written = await _store.CommitAsync(
                Transaction.If(held.Held).Then(Operation.Put("w"u8.ToArray(), default))).ConfigureAwait(false);
            Assert.True(written.Succeeded || _mortal, $"{_label}: refused.");
            if (written.Succeeded && !isReader)
            {
                lock (_lock)
                    _writes.Add(held.FencingToken.Value);
            }

            Interlocked.Decrement(ref isReader ? ref _readers : ref _writers);
        }
    }
}
