using Coord.Client;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Cli;

/// <summary>Says what went wrong, and what to do next.</summary>
public static class Complaints
{
    public static int Print(Exception exception, Terminal terminal)
    {
        terminal.Errors.WriteLine($"Error: {exception.Message}");
        if (Advice(exception) is { } advice)
            terminal.Errors.WriteLine($"  {advice}");
        return exception is UsageException ? ExitCode.Usage : ExitCode.Failed;
    }

    private static string? Advice(Exception exception) => exception switch
    {
        UsageException => "See coordctl --help, or --help after the command.",
        CompactedException gone =>
            $"History begins at revision {gone.OldestRevision.Value}: use --rev={gone.OldestRevision.Value} or later.",
        FutureRevisionException future =>
            $"The newest revision is {future.CurrentRevision.Value}: leave --rev out to read it.",
        LeaseNotFoundException => "See the leases that there are: coordctl lease list.",
        KeyMissingException => "Put the key with a value first, or leave --ignore-value and --ignore-lease out.",
        SpaceExceededException =>
            "Delete keys, compact, then disarm the alarm: coordctl del, compaction, defrag, alarm disarm.",
        StoreCorruptException => "Compare the members (coordctl endpoint hashkv), repair, then coordctl alarm disarm.",
        RequestTooLargeException => "Split it, or raise the server's --max-request-bytes.",
        OutcomeUnknownException => "It may have happened. Read the key, then decide whether to try again.",
        NotLeaderException => "A majority of the members has to be up: see coordctl endpoint health.",
        CoordTimeoutException or ProposalDroppedException =>
            "Check --endpoints and that the members run: coordctl endpoint health. Nothing was changed.",
        CoordServerException { Code: Grpc.Core.StatusCode.Unimplemented } => "This server has no such call.",
        InvalidDataException => "Take another snapshot; --skip-hash-check takes a copy of a database file.",
        IOException => "Check the path and the rights.",
        _ => null,
    };
}
