using System.Threading.Tasks.Sources;

namespace Coord.Raft.Driver;

/// <summary>
/// What a caller awaits, taken from a pool and returned to it by the caller's await: costs no allocation.
/// </summary>
/// <remarks>
/// Two parties hold it, the caller and the node; it returns to its pool when both have let go. The first of result,
/// failure and cancellation wins. The continuation runs on the thread pool, so that a caller who blocks harms only
/// himself; the object is its own work item, since queuing a delegate would allocate.
/// </remarks>
internal abstract class PooledCompletion<TResult> : IValueTaskSource<TResult>, IThreadPoolWorkItem
{
    private static readonly Action<object?, CancellationToken> OnCancelled = (state, token) =>
        ((PooledCompletion<TResult>)state!).TryFail(new OperationCanceledException(token));

    private ManualResetValueTaskSourceCore<TResult> _source;
    private CancellationTokenRegistration _cancellation;
    private TResult? _result;
    private Exception? _failure;
    private int _completed;
    private int _holders;

    /// <summary>Gets a value indicating whether the caller has stopped waiting or was answered.</summary>
    public bool IsCompleted => Volatile.Read(ref _completed) != 0;

    /// <summary>Makes the object ready for one use by a caller and the node.</summary>
    /// <returns>What the caller awaits, once.</returns>
    public ValueTask<TResult> BeginAsync(CancellationToken cancellationToken)
    {
        _source.Reset();
        _failure = null;
        _holders = 2;
        ValueTask<TResult> task = new(this, _source.Version);
        Volatile.Write(ref _completed, 0);
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(OnCancelled, this);
        return task;
    }

    /// <summary>Makes the object ready for a use by the node alone; nobody awaits it.</summary>
    public void BeginWithoutCaller()
    {
        _holders = 1;
        Volatile.Write(ref _completed, 1);
    }

    /// <summary>
    /// Answers the caller on this thread, which runs what he does next; unless he was answered or gave up. The node
    /// lets go.
    /// </summary>
    public void CompleteHere(in TResult result)
    {
        OnLetGo();
        if (Interlocked.Exchange(ref _completed, 1) == 0)
            _source.SetResult(result);
        Release();
    }

    /// <summary>Answers the caller, unless it was answered or gave up. The node lets go.</summary>
    public void Complete(in TResult result)
    {
        if (Interlocked.Exchange(ref _completed, 1) == 0)
        {
            _result = result;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        OnLetGo();
        Release();
    }

    /// <summary>Answers the caller with an exception, unless it was answered or gave up. The node lets go.</summary>
    public void Fail(Exception failure)
    {
        TryFail(failure);
        OnLetGo();
        Release();
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        if (_failure is null)
            _source.SetResult(_result!);
        else
            _source.SetException(_failure);
    }

    /// <inheritdoc/>
    TResult IValueTaskSource<TResult>.GetResult(short token)
    {
        // Who asks too early, or twice, must not let go of what may be somebody else's by now. A wrong token throws.
        if (_source.GetStatus(token) is ValueTaskSourceStatus.Pending)
            throw new InvalidOperationException("There is no result yet: await the task.");

        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            // Waits for a running cancellation callback, which must not touch the object's next use.
            _cancellation.Dispose();
            _cancellation = default;
            _result = default;
            Release();
        }
    }

    /// <inheritdoc/>
    ValueTaskSourceStatus IValueTaskSource<TResult>.GetStatus(short token) => _source.GetStatus(token);

    /// <inheritdoc/>
    void IValueTaskSource<TResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <summary>Is called when the node is done with the object, which the caller may still hold.</summary>
    protected virtual void OnLetGo()
    {
    }

    /// <summary>Is called when nobody holds the object any more.</summary>
    protected abstract void ReturnToPool();

    private void TryFail(Exception failure)
    {
        if (Interlocked.Exchange(ref _completed, 1) == 0)
        {
            _failure = failure;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            ReturnToPool();
    }
}
