using System.CommandLine;
using Coord.Cli.Output;
using Coord.Kv;
using Coord.Kv.Coordination;

namespace Coord.Cli.Commands;

/// <summary>lock and elect: hold something as long as the process, or a program that it runs, lives.</summary>
public static class LockCommands
{
    public static IEnumerable<Command> All(VerbFactory verbs) => [Lock(verbs), Elect(verbs)];

    private static Option<int> TimeToLive() => new("--ttl")
    {
        Description = "After how many seconds it is lost if this process dies",
        DefaultValueFactory = _ => 10,
    };

    private static ValueTask<CoordinationSession> OpenAsync(
        Context context, Option<int> timeToLive, CancellationToken cancellationToken) =>
        CoordinationSession.CreateAsync(
            context.Store,
            new() { TimeToLive = TimeSpan.FromSeconds(context.Get(timeToLive)) },
            cancellationToken);

    private static Command Lock(VerbFactory verbs)
    {
        Argument<string> name = new("name");
        Option<int> timeToLive = TimeToLive();
        return verbs.Create("lock", "Holds a lock while it runs, or while a program after -- does", RunAsync, name,
            timeToLive);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            await using CoordinationSession session = await OpenAsync(context, timeToLive, cancellationToken);
            DistributedLock mutex = new(session, context.Get(name));
            await using CoordinationHandle held = await mutex.AcquireAsync(cancellationToken);
            using CancellationTokenSource ends =
                CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.Lost);
            try
            {
                if (context.Program.Count > 0)
                {
                    string fence = $"{held.FencingToken}";
                    return await ProgramRunner.RunAsync(
                        context.Program,
                        [("ETCD_LOCK_KEY", held.Key), ("COORD_LOCK_KEY", held.Key), ("COORD_FENCING_TOKEN", fence)],
                        ends.Token);
                }

                context.Printer.Print(new Report().Line(held.Key));
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ends.Token);
            }
            catch (OperationCanceledException exception) when (held.IsLost)
            {
                throw new IOException(
                    "The lock was lost: its lease ended. What the program did since is not guarded.", exception);
            }

            return ExitCode.Done;
        }
    }

    private static Command Elect(VerbFactory verbs)
    {
        Argument<string> name = new("name");
        Argument<string?> value = new("proposal") { Arity = ArgumentArity.ZeroOrOne };
        Option<bool> listen = new("--listen", "-l") { Description = "Only watch who leads" };
        Option<int> timeToLive = TimeToLive();
        return verbs.Create("elect", "Campaigns for the leadership, or watches it", RunAsync, name, value, listen,
            timeToLive);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            LeaderElection election = new(context.Store, context.Get(name));
            if (context.Get(listen))
            {
                await foreach (KeyValue? leader in election.ObserveAsync(cancellationToken))
                {
                    if (leader is not null)
                        Print(context, leader.Key, leader.Value);
                }

                return ExitCode.Done;
            }

            string proposal = context.Get(value) ?? throw new UsageException("Say with which value to campaign.");
            await using CoordinationSession session = await OpenAsync(context, timeToLive, cancellationToken);
            await using Leadership leadership = await election.CampaignAsync(session, proposal, cancellationToken);
            Print(context, Context.Bytes(leadership.Key), Context.Bytes(proposal));
            using CancellationTokenSource ends =
                CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leadership.Lost);
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ends.Token);
            }
            catch (OperationCanceledException exception) when (leadership.IsLost)
            {
                throw new IOException("The leadership was lost: its lease ended.", exception);
            }

            return ExitCode.Done;
        }
    }

    private static void Print(Context context, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) =>
        context.Printer.Print(
            new Report().Line(context.Printer.Bytes(key)).Line(context.Printer.Bytes(value)));
}
