using Coord.Kv;
using Coord.Raft;
using Coord.Simulation.Checking;
using Coord.Simulation.Invariants;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>
/// Writes under sessions, sent again, to whichever member, until their outcome is known, and sometimes to two members
/// at once: each must be done once, and be answered with the one result that it had.
/// </summary>
internal sealed class SessionWorkload(Chance chance) : IWorkload
{
    /// <summary>What all keys begin with.</summary>
    public const string Prefix = "session/";


    private readonly int _keys = (int)chance.Fork("keys").LogUniform(1, 16);
    private readonly int _atOnce = (int)chance.Fork("at once").LogUniform(1, 4);
    private readonly List<SessionCall> _calls = [];
    private readonly Findings _findings = new();
    private StoreTwin? _twin;
    private int _values;

    /// <inheritdoc/>
    public async Task RunAsync(Actor actor)
    {
        _twin = actor.Twin;
        while (!actor.IsOver)
        {
            if (actor.Chance.OneIn(4))
                await new SessionInProcess(actor, _calls, _keys).UseAsync(() => ++_values).ConfigureAwait(false);
            else if (await TryOpenAsync(actor).ConfigureAwait(false) is { } tickets)
                await UseAsync(actor, tickets).ConfigureAwait(false);
            await actor.ThinkAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task FinishAsync(Actor actor)
    {
        ClientSession session = await actor.Client.AskAsync(
            (process, token) => process.Raft.OpenSessionAsync(token)).ConfigureAwait(false);
        SessionTickets tickets = new(session.Id);
        bool isKnown = await WriteAsync(actor, tickets).ConfigureAwait(false);
        _findings.Require(isKnown && _calls[^1].Outcome is CallOutcome.Ok, $"After healing: {_calls[^1]}.");
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Check()
    {
        if (_twin is not { } twin)
            return _findings;

        List<Applied> applied = [];
        foreach (Change change in twin.Log.Changes)
        {
            foreach (KeyValue written in change.Events.Select(each => each.KeyValue))
            {
                if (ChangeLog.TextOf(written.Key.Span).StartsWith(Prefix, StringComparison.Ordinal))
                    applied.Add(new(ChangeLog.TextOf(written.Value.Span), $"{change.Revision}"));
            }
        }

        Findings findings = SessionChecker.Check(_calls, applied);
        findings.AddRange(_findings);
        return findings;
    }

    private static async Task<SessionTickets?> TryOpenAsync(Actor actor)
    {
        try
        {
            ClientSession session = await actor.Client.AskAsync(
                (process, token) => process.Raft.OpenSessionAsync(token)).ConfigureAwait(false);
            return new(session.Id);
        }
        catch (CoordException)
        {
            return null;
        }
    }

    /// <summary>Writes under a session, with some calls at the same time, until it has enough of it.</summary>
    private async Task UseAsync(Actor actor, SessionTickets tickets)
    {
        int writes = actor.Chance.Next(4) == 0 ? actor.Chance.Next(4) : int.MaxValue;
        async Task WriteManyAsync()
        {
            while (writes-- > 0 && !actor.IsOver)
            {
                if (!await WriteAsync(actor, tickets).ConfigureAwait(false))
                    writes = 0;
                await actor.ThinkAsync().ConfigureAwait(false);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, _atOnce).Select(_ => WriteManyAsync())).ConfigureAwait(false);
    }

    /// <summary>Does one write, and tells whether the session is still good.</summary>
    private async Task<bool> WriteAsync(Actor actor, SessionTickets tickets)
    {
        if (!tickets.TryTake(out SessionTicket ticket))
            return false;

        string command = $"{actor.Number}.{++_values}";
        Attempts attempts = new(Prefix + $"{actor.Chance.Next(_keys):d2}", command, ticket);
        long begin = actor.Now;
        while (attempts is { Result: null, IsExpired: false } && !GivesUp(actor, attempts))
        {
            // Two at once, as by a client that was too impatient: one of them is the second.
            bool isDoubled = actor.Chance.Next(4) == 0;
            Task second = isDoubled ? TryAsync(actor, attempts) : Task.CompletedTask;
            if (isDoubled)
                actor.Leave();
            await TryAsync(actor, attempts).ConfigureAwait(false);
            await second.ConfigureAwait(false);
            if (attempts.Result is null)
                await actor.World.DelayAsync(actor.Chance.Between(1, 100 * Span.Millisecond)).ConfigureAwait(false);
        }

        // It is seldom, but an answered command may be asked for once more, as long as its number is not given back.
        if (attempts.Result is not null && actor.Chance.Next(4) == 0)
        {
            actor.Leave();
            await TryAsync(actor, attempts).ConfigureAwait(false);
        }

        tickets.Return(ticket);
        SessionCall call = new(
            (int)ticket.Session, command, begin, attempts.AnsweredAt ?? actor.Now, attempts.Outcome,
            attempts.Result ?? "");
        _calls.Add(call);
        if (actor.World.Trace.IsRead)
            actor.Trace($"{ticket} {call}");
        return !attempts.IsExpired;
    }

    private static bool GivesUp(Actor actor, Attempts attempts) =>
        attempts.Count > 0 && !actor.IsOver && actor.Chance.Next(16) == 0;

    private async Task TryAsync(Actor actor, Attempts attempts)
    {
        attempts.Count++;
        try
        {
            PutResult put = await actor.Client.AskAsync((process, token) => process.Store.InSession(attempts.Ticket)
                .PutAsync(attempts.Key, attempts.Value, null, token)).ConfigureAwait(false);
            string result = $"{put.Revision}";
            _findings.Require(
                attempts.Result is null || attempts.Result == result,
                $"{attempts.Ticket} was answered with {attempts.Result} and with {result}.");
            attempts.Result ??= result;
            attempts.AnsweredAt ??= actor.Now;
        }
        catch (SessionExpiredException)
        {
            attempts.IsExpired = true;
        }
        catch (CoordException exception)
        {
            attempts.IsUnknown |= exception.Outcome is not Outcome.DidNotHappen;
        }
    }

    /// <summary>What came of sending one command.</summary>
    private sealed class Attempts(string key, string command, SessionTicket ticket)
    {
        public byte[] Key { get; } = ChangeLog.BytesOf(key);

        public byte[] Value { get; } = ChangeLog.BytesOf(command);

        public SessionTicket Ticket => ticket;

        public int Count { get; set; }

        public string? Result { get; set; }

        public long? AnsweredAt { get; set; }

        public bool IsUnknown { get; set; }

        /// <summary>Gets or sets a value indicating whether the cluster has forgotten the session.</summary>
        public bool IsExpired { get; set; }

        public CallOutcome Outcome => Result is not null ? CallOutcome.Ok
            : IsUnknown ? CallOutcome.Unknown : CallOutcome.Failed;
    }
}
