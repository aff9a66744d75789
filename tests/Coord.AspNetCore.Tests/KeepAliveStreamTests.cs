using System.Threading.Channels;
using Coord.AspNetCore.Services;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Tests;

/// <summary>A client's keep-alives do not wait for each other, and are answered in their order.</summary>
public sealed class KeepAliveStreamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<LeaseKeepAliveRequest> _requests = Channel.CreateUnbounded<LeaseKeepAliveRequest>();
    private readonly Channel<LeaseKeepAliveResponse> _responses = Channel.CreateUnbounded<LeaseKeepAliveResponse>();
    private readonly Channel<(long Id, TaskCompletionSource<LeaseKeepAliveResponse> Done)> _renewals =
        Channel.CreateUnbounded<(long, TaskCompletionSource<LeaseKeepAliveResponse>)>();

    [Fact]
    public async Task All_that_came_are_under_way_together_and_answered_in_order()
    {
        Task stream = Run();
        TaskCompletionSource<LeaseKeepAliveResponse> first = await SendAsync(1);
        TaskCompletionSource<LeaseKeepAliveResponse> second = await SendAsync(2);
        second.SetResult(new() { ID = 2, TTL = 9 });
        Assert.False(_responses.Reader.TryPeek(out _));
        first.SetResult(new() { ID = 1, TTL = 9 });
        _requests.Writer.Complete();
        await stream.WaitAsync(Patience);
        Assert.Equal(1, (await _responses.Reader.ReadAsync()).ID);
        Assert.Equal(2, (await _responses.Reader.ReadAsync()).ID);
    }

    [Fact]
    public async Task One_that_fails_ends_the_stream_with_its_reason()
    {
        Task stream = Run();
        (await SendAsync(1)).SetException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => stream.WaitAsync(Patience));
    }

    [Fact]
    public async Task The_stream_is_not_read_further_than_its_bound()
    {
        using CancellationTokenSource cancel = new();
        Task stream = Run(cancel.Token);
        for (int id = 1; id <= 2 * KeepAliveStream.MaxUnderWay; id++)
            await _requests.Writer.WriteAsync(new() { ID = id });

        // One is with who answers, one waits for room, and those are in between.
        for (int id = 1; id <= KeepAliveStream.MaxUnderWay + 2; id++)
            await _renewals.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.False(_renewals.Reader.TryRead(out _));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.WaitAsync(Patience));
    }

    private Task Run(CancellationToken cancellationToken = default) =>
        KeepAliveStream.RunAsync(new Reader(_requests), new Writer(_responses), RenewAsync, cancellationToken);

    private async Task<TaskCompletionSource<LeaseKeepAliveResponse>> SendAsync(long id)
    {
        await _requests.Writer.WriteAsync(new() { ID = id });
        (long renewed, TaskCompletionSource<LeaseKeepAliveResponse> done) =
            await _renewals.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(id, renewed);
        return done;
    }

    private Task<LeaseKeepAliveResponse> RenewAsync(LeaseKeepAliveRequest request, CancellationToken cancellationToken)
    {
        TaskCompletionSource<LeaseKeepAliveResponse> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(_renewals.Writer.TryWrite((request.ID, done)));
        return done.Task.WaitAsync(cancellationToken);
    }

    private sealed class Reader(Channel<LeaseKeepAliveRequest> channel) : IAsyncStreamReader<LeaseKeepAliveRequest>
    {
        public LeaseKeepAliveRequest Current { get; private set; } = null!;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await channel.Reader.WaitToReadAsync(cancellationToken))
                return false;

            Current = await channel.Reader.ReadAsync(cancellationToken);
            return true;
        }
    }

    private sealed class Writer(Channel<LeaseKeepAliveResponse> channel) : IServerStreamWriter<LeaseKeepAliveResponse>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(LeaseKeepAliveResponse message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(LeaseKeepAliveResponse message, CancellationToken cancellationToken) =>
            channel.Writer.WriteAsync(message, cancellationToken).AsTask();
    }
}
