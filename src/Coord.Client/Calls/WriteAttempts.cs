using Coord.Client.Connections;
using Coord.Raft;
using Grpc.Core;

namespace Coord.Client.Calls;

/// <summary>One write from its first attempt to its last: whether it may be sent again. Not thread-safe.</summary>
/// <remarks>
/// 1. In a session an attempt that nobody answered is repeated, under the same number, at servers that know sessions.
/// 2. Once one may have been done, only what the store itself answers is the truth: a server that refuses a later
///    attempt, for its own reasons, says nothing about the earlier ones.
/// </remarks>
internal sealed class WriteAttempts(WriteSessions sessions) : IDisposable
{
    private const string Metadata = "coord-session";
    private const string Expired = "coord: the session has expired";

    private WriteSession? _session;
    private SessionTicket _ticket;
    private bool _isInSession;

    /// <summary>Gets a value indicating whether an attempt that nobody answered was made.</summary>
    public bool MayHaveHappened { get; private set; }

    /// <summary>Gets a value indicating whether the last attempt can be repeated although it is unclear.</summary>
    public bool CanRepeat { get; private set; }

    public void Dispose() => LetGo();

    /// <summary>Prepares an attempt.</summary>
    /// <returns>Null if it may be made; else why not.</returns>
    public async ValueTask<Failure?> PrepareAsync(Endpoint endpoint, CancellationToken cancellationToken)
    {
        _isInSession = false;
        try
        {
            WriteSession? session = await sessions.AtAsync(endpoint, cancellationToken).ConfigureAwait(false);
            if (session is not null)
            {
                if (_ticket.IsNone && session.Tickets.TryTake(out _ticket))
                    _session = session;

                // Without a ticket, as too many writes are under way, it is sent as to a server without sessions.
                _isInSession = !_ticket.IsNone;
            }

            return _isInSession || !MayHaveHappened ? null : new(
                Certainty.NotDone, true, "the server knows no sessions", new NotSupportedException());
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException)
        {
            // The write itself was not sent.
            return Failure.Of(exception) with { Certainty = Certainty.NotDone, MoveOn = true };
        }
    }

    /// <summary>Adds to an attempt's metadata what makes it one of the session.</summary>
    public void AddTo(Metadata metadata)
    {
        if (_isInSession)
            metadata.Add(Metadata, _session!.Describe(_ticket));
    }

    /// <summary>Says what a failed attempt means in the light of those before it.</summary>
    public Failure Judge(Failure failure)
    {
        CanRepeat = false;
        if (_isInSession && failure.Text == Expired)
        {
            sessions.Drop(_session!);
            LetGo();
            return MayHaveHappened ? failure with { Certainty = Certainty.Unclear }
                : failure with { Certainty = Certainty.NotDone, MoveOn = false };
        }

        if (failure.Certainty is Certainty.Unclear)
            MayHaveHappened = CanRepeat = _isInSession;
        else if (failure.Certainty is Certainty.Refused && MayHaveHappened && !Refusals.IsOfTheStore(failure.Text))
            return failure with { Certainty = Certainty.Unclear };
        return failure;
    }

    private void LetGo()
    {
        if (!_ticket.IsNone)
            _session!.Tickets.Return(_ticket);
        _ticket = default;
    }
}
