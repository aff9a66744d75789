namespace Coord.Simulation.Checking;

/// <summary>
/// Looks for an order of calls that explains what they were told and respects real time: each takes effect at one
/// moment between its begin and its end (Wing and Gong 1993, with Lowe's memory of states that led nowhere).
/// </summary>
/// <typeparam name="TState">The model's state.</typeparam>
/// <typeparam name="TInput">What is asked.</typeparam>
/// <typeparam name="TOutput">What is told.</typeparam>
/// <remarks>
/// Its time grows exponentially with the calls that are concurrent, so the budget is a count of steps: a history has
/// the same verdict on every machine. A call of unknown outcome need not find a place. Replies that carry revisions are
/// better checked by <see cref="RevisionChecker"/>, which needs no search.
/// </remarks>
internal sealed class LinearizabilitySearch<TState, TInput, TOutput>(
    ISequentialModel<TState, TInput, TOutput> model, long maxSteps = 10_000_000)
{
    /// <summary>Checks the calls of each key apart: a history is linearizable if and only if each key's is.</summary>
    /// <returns>The worst verdict, with what it says of the first such key.</returns>
    public SearchResult RunByKey<TKey>(
        IEnumerable<Call<TInput, TOutput>> calls, Func<TInput, TKey> keyOf)
        where TKey : notnull
    {
        SearchResult worst = new(Verdict.Linearizable, 0, "");
        long steps = 0;
        foreach (IGrouping<TKey, Call<TInput, TOutput>> key in calls.GroupBy(call => keyOf(call.Input)))
        {
            SearchResult result = Run([.. key]);
            steps += result.Steps;
            bool isWorse = result.Verdict is Verdict.NotLinearizable
                ? worst.Verdict is not Verdict.NotLinearizable
                : result.Verdict is Verdict.Unknown && worst.Verdict is Verdict.Linearizable;
            if (isWorse)
                worst = result with { Explanation = $"Key {key.Key}: {result.Explanation}" };
        }

        return worst with { Steps = steps };
    }

    /// <summary>Looks for an order of all calls. Failed ones are left out: they did not happen.</summary>
    public SearchResult Run(IReadOnlyList<Call<TInput, TOutput>> calls)
    {
        List<Call<TInput, TOutput>> happened = [.. calls.Where(call => call.Outcome is not CallOutcome.Failed)];
        Attempt attempt = new(model, happened);
        long steps = 0;
        while (!attempt.IsDone)
        {
            if (++steps > maxSteps)
                return new(Verdict.Unknown, steps, $"No answer in {maxSteps} steps. {attempt.Describe()}");
            if (!attempt.TryStep())
                return new(Verdict.NotLinearizable, steps, attempt.Describe());
        }

        return new(Verdict.Linearizable, steps, "");
    }

    /// <summary>
    /// One search under way: the events in order of time, of which the calls that have their place are lifted out.
    /// </summary>
    private sealed class Attempt
    {
        private const int PrintedCalls = 5;

        private readonly ISequentialModel<TState, TInput, TOutput> _model;
        private readonly Event _head = new(-1, null);
        private readonly LinearizedSet _placed;
        private readonly HashSet<(LinearizedSet Placed, TState State)> _seen = [];
        private readonly Stack<(Event Call, TState Before)> _order = new();
        private Event? _cursor;
        private TState _state;
        private int _knownLeft;
        private List<string> _longest = [];
        private Call<TInput, TOutput>? _blocking;

        public Attempt(ISequentialModel<TState, TInput, TOutput> model, List<Call<TInput, TOutput>> calls)
        {
            _model = model;
            _state = model.Initial;
            _placed = new(calls.Count);
            _knownLeft = calls.Count(call => call.IsKnown);
            Link(calls);
            _cursor = _head.Next;
        }

        /// <summary>Gets whether every call that was answered has its place.</summary>
        public bool IsDone => _knownLeft == 0;

        /// <summary>Looks at one event: gives a call its place, or passes it by, or takes the last one back.</summary>
        /// <returns>False if nothing is left to be tried.</returns>
        public bool TryStep()
        {
            Event current = _cursor!;
            if (current.Call is null)
                return TryGoBack(current);

            if (_model.TryStep(_state, current.Call, out TState next))
            {
                _placed.Add(current.Index);
                if (_seen.Add((_placed.Copy(), next)))
                {
                    Place(current, next);
                    return true;
                }

                _placed.Remove(current.Index);
            }

            _cursor = current.Next;
            return true;
        }

        public string Describe()
        {
            if (_blocking is null)
                return "";

            string last = string.Join("\n  ", _longest.TakeLast(PrintedCalls));
            return $"At best {_longest.Count} calls find a place, the last ones being\n  {last}\n"
                + $"and then nothing that could come next lets this one end:\n  {_blocking}";
        }

        private void Place(Event call, TState next)
        {
            _order.Push((call, _state));
            _state = next;
            call.Lift();
            if (call.Call!.IsKnown)
                _knownLeft--;
            _cursor = _head.Next;
        }

        /// <summary>A call ends here and has no place yet, so the order so far cannot be the one.</summary>
        private bool TryGoBack(Event end)
        {
            if (_blocking is null || _order.Count > _longest.Count)
            {
                _longest = [.. _order.Reverse().Select(placed => placed.Call.Call!.ToString())];
                _blocking = end.Begin!.Call;
            }

            if (!_order.TryPop(out (Event Call, TState Before) last))
                return false;

            _state = last.Before;
            _placed.Remove(last.Call.Index);
            last.Call.Unlift();
            if (last.Call.Call!.IsKnown)
                _knownLeft++;
            _cursor = last.Call.Next;
            return true;
        }

        private void Link(List<Call<TInput, TOutput>> calls)
        {
            List<(long Time, int Order, Event Event)> events = [];
            foreach ((int index, Call<TInput, TOutput> call) in calls.Index())
            {
                Event begin = new(index, call);
                events.Add((call.Begin, 0, begin));
                if (!call.IsKnown)
                    continue;
                begin.End = new(index, null) { Begin = begin };
                events.Add((call.End, 1, begin.End));
            }

            Event last = _head;
            foreach ((_, _, Event next) in events.OrderBy(e => e.Time).ThenBy(e => e.Order))
            {
                (last.Next, next.Previous) = (next, last);
                last = next;
            }
        }
    }

    /// <summary>The begin of a call, or the end of one that was answered, in a list by time.</summary>
    private sealed class Event(int index, Call<TInput, TOutput>? call)
    {
        public int Index => index;

        /// <summary>Gets the call that begins here; null at an end.</summary>
        public Call<TInput, TOutput>? Call => call;

        public Event? Begin { get; init; }

        public Event? End { get; set; }

        public Event? Previous { get; set; }

        public Event? Next { get; set; }

        public void Lift()
        {
            Unlink();
            End?.Unlink();
        }

        /// <summary>Undoes <see cref="Lift"/>. In reverse order, so that the neighbours are those of then.</summary>
        public void Unlift()
        {
            End?.Relink();
            Relink();
        }

        private void Unlink()
        {
            Previous!.Next = Next;
            if (Next is not null)
                Next.Previous = Previous;
        }

        private void Relink()
        {
            Previous!.Next = this;
            if (Next is not null)
                Next.Previous = this;
        }
    }
}
