using Coord.AspNetCore.Handlers;
using Coord.Kv;
using Coord.Raft;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Http;

/// <summary><c>/health</c>: whether writes and linearizable reads can succeed here.</summary>
internal sealed class HealthEndpoint(EtcdMember member, TimeProvider timeProvider)
{
    private const string ReasonHeader = "Coord-Health-Reason";
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(1);

    private long _successes;
    private long _failures;

    public long Successes => Volatile.Read(ref _successes);

    public long Failures => Volatile.Read(ref _failures);

    public async Task InvokeAsync(HttpContext context)
    {
        if (await PlainAnswer.RefusedAsync(context, HttpMethods.Get).ConfigureAwait(false))
            return;

        string? reason = await FindReasonAsync(context).ConfigureAwait(false);
        if (reason is null)
        {
            Interlocked.Increment(ref _successes);
            await PlainAnswer.WriteAsync(
                context, StatusCodes.Status200OK, PlainAnswer.Json, """{"health":"true"}""").ConfigureAwait(false);
            return;
        }

        // Where etcd 3.5 has the reason in the body, 3.4 has none, and its clients compare the whole of it.
        Interlocked.Increment(ref _failures);
        context.Response.Headers[ReasonHeader] = reason;
        await PlainAnswer.WriteAsync(
            context, StatusCodes.Status503ServiceUnavailable, PlainAnswer.Json, """{"health":"false"}""")
            .ConfigureAwait(false);
    }

    /// <summary>Says why the member is not healthy; null if it is.</summary>
    private async ValueTask<string?> FindReasonAsync(HttpContext context)
    {
        string[] excluded = [.. context.Request.Query["exclude"].OfType<string>()];
        foreach (Alarm alarm in member.Store.Alarms)
        {
            string word = MaintenanceHandler.Word(alarm.Kind);
            if (!excluded.Contains(word))
                return $"ALARM {word}";
        }

        bool serializable = context.Request.Query["serializable"] == "true";
        if (member.Node.Completion.IsCompleted)
            return "STOPPED";
        if (serializable)
            return null;
        if (member.Node.Status.Leader.IsNone)
            return "RAFT NO LEADER";

        return await ReadsAsync(context.RequestAborted).ConfigureAwait(false) ? null : "RANGE ERROR";
    }

    private async ValueTask<bool> ReadsAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(ReadTimeout, timeProvider);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await member.Node.ReadBarrierAsync(either.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is CoordException or OperationCanceledException)
        {
            return false;
        }
    }
}
