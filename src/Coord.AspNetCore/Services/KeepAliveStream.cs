using System.Threading.Channels;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>One stream of keep-alives: answered in the order in which they came, but not one after the other.</summary>
/// <remarks>
/// Clients send those of all their leases through one stream. Each takes as long as the log takes to commit, and those
/// that are under way together share an entry. One at a time, the last of many leases would end before its turn came.
/// </remarks>
internal static class KeepAliveStream
{
    /// <summary>How many are under way at a time; the stream is not read beyond them.</summary>
    public const int MaxUnderWay = 1024;

    /// <summary>Serves a stream until its client ends it and has all answers.</summary>
    /// <param name="requests">What the client sends.</param>
    /// <param name="responses">What it gets.</param>
    /// <param name="renew">Renews one lease. If it fails, the stream ends with its reason.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public static async Task RunAsync(
        IAsyncStreamReader<LeaseKeepAliveRequest> requests,
        IServerStreamWriter<LeaseKeepAliveResponse> responses,
        Func<LeaseKeepAliveRequest, CancellationToken, Task<LeaseKeepAliveResponse>> renew,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<Task<LeaseKeepAliveResponse>> underWay = Channel.CreateBounded<Task<LeaseKeepAliveResponse>>(
            new BoundedChannelOptions(MaxUnderWay) { SingleReader = true, SingleWriter = true });
        Task receiving = ReceiveAsync(requests, underWay.Writer, renew, both.Token);
        Task answering = AnswerAsync(underWay.Reader, responses, both.Token);

        // Whichever fails first ends the other; its reason is the stream's.
        Task first = await Task.WhenAny(receiving, answering).ConfigureAwait(false);
        if (first == receiving && receiving.IsCompletedSuccessfully)
            first = answering;
        else
            await both.CancelAsync().ConfigureAwait(false);

        await Task.WhenAll(receiving, answering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
    }

    private static async Task ReceiveAsync(
        IAsyncStreamReader<LeaseKeepAliveRequest> requests,
        ChannelWriter<Task<LeaseKeepAliveResponse>> underWay,
        Func<LeaseKeepAliveRequest, CancellationToken, Task<LeaseKeepAliveResponse>> renew,
        CancellationToken cancellationToken)
    {
        while (await requests.MoveNext(cancellationToken).ConfigureAwait(false))
        {
            await underWay.WriteAsync(renew(requests.Current, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }

        underWay.Complete();
    }

    private static async Task AnswerAsync(
        ChannelReader<Task<LeaseKeepAliveResponse>> underWay,
        IServerStreamWriter<LeaseKeepAliveResponse> responses,
        CancellationToken cancellationToken)
    {
        await foreach (Task<LeaseKeepAliveResponse> renewal in underWay.ReadAllAsync(cancellationToken)
            .ConfigureAwait(false))
        {
            await responses.WriteAsync(await renewal.ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }
}
