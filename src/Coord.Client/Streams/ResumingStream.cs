using System.Threading.Channels;
using Coord.Client.Calls;
using Coord.Client.Connections;
using Grpc.Core;

namespace Coord.Client.Streams;

/// <summary>Keeps one stream to some member up while it is needed, and goes on to the next when it breaks.</summary>
internal sealed class ResumingStream<TRequest, TResponse> : IAsyncDisposable
    where TRequest : class
{
    private readonly EndpointPool _pool;
    private readonly TimeProvider _clock;
    private readonly IStreamOwner<TRequest, TResponse> _owner;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Lock _lock = new();
    private Task? _run;
    private int _disposed;

    public ResumingStream(EndpointPool pool, TimeProvider clock, IStreamOwner<TRequest, TResponse> owner) =>
        (_pool, _clock, _owner) = (pool, clock, owner);

    /// <summary>Says that the stream is needed now.</summary>
    public void Wake()
    {
        lock (_lock)
            _run ??= Task.Run(RunAsync);
        if (_wake.CurrentCount == 0)
            _wake.Release();
    }

    public async ValueTask DisposeAsync()
    {
        // A container disposes the client once for each name that it is registered under.
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;

        await _stop.CancelAsync().ConfigureAwait(false);
        Task? run;
        lock (_lock)
            run = _run ??= Task.CompletedTask;
        await run.ConfigureAwait(false);
        _wake.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        TimeSpan pause = CallRunner.FirstPause;
        try
        {
            while (true)
            {
                while (!_owner.IsNeeded)
                    await _wake.WaitAsync(_stop.Token).ConfigureAwait(false);

                Endpoint endpoint = _pool.Current;
                bool answered = await ServeAsync(endpoint).ConfigureAwait(false);
                _pool.Failed(endpoint);
                pause = answered ? CallRunner.FirstPause
                    : pause * 2 < CallRunner.LongestPause ? pause * 2 : CallRunner.LongestPause;
                await Task.Delay(pause, _clock, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    /// <returns>Whether the server answered anything.</returns>
    private async Task<bool> ServeAsync(Endpoint endpoint)
    {
        bool answered = false;
        RpcException? reason = null;
        Channel<TRequest> outgoing = Channel.CreateUnbounded<TRequest>(new() { SingleReader = true });
        using CancellationTokenSource broken = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using AsyncDuplexStreamingCall<TRequest, TResponse> call =
            _owner.Open(endpoint, new(CallRunner.RequireLeader(), cancellationToken: broken.Token));
        _owner.OnConnected(outgoing.Writer);
        Task writing = WriteAsync(call.RequestStream, outgoing.Reader, broken);
        try
        {
            while (await call.ResponseStream.MoveNext(broken.Token).ConfigureAwait(false))
            {
                answered = true;
                _owner.OnReceived(call.ResponseStream.Current);
            }
        }
        catch (RpcException exception)
        {
            reason = exception;
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            // A request could not be written: as good as broken.
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not OutOfMemoryException)
        {
            // An answer that nobody could make: whoever waits must not be left alone with it.
            reason = new(new(StatusCode.Internal, exception.Message, exception));
        }
        finally
        {
            outgoing.Writer.TryComplete();
            await broken.CancelAsync().ConfigureAwait(false);
            await writing.ConfigureAwait(false);
            _owner.OnBroken(reason);
        }

        return answered;
    }

    private static async Task WriteAsync(
        IClientStreamWriter<TRequest> stream, ChannelReader<TRequest> outgoing, CancellationTokenSource broken)
    {
        try
        {
            await foreach (TRequest request in outgoing.ReadAllAsync(broken.Token).ConfigureAwait(false))
                await stream.WriteAsync(request, broken.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException
            or InvalidOperationException or IOException)
        {
            await broken.CancelAsync().ConfigureAwait(false);
        }
    }
}
