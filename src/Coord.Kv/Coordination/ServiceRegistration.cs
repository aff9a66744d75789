using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>
/// Keeps an instance of a service registered under a lease of its own, until it is disposed. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// When the lease is lost, or somebody deletes the key, it registers again with the newest value as soon as the store
/// is in reach. A registration that another one of the same name replaces gives way: the newer one wins, so that a
/// process that was restarted takes its place at once, and two do not fight. See <see cref="Completion"/>.
/// </para>
/// <para>
/// Being registered is no proof of life beyond the lease's time, and no exclusion: whoever must be the only one needs a
/// lock.
/// </para>
/// </remarks>
public sealed class ServiceRegistration : IAsyncDisposable
{
    private readonly IKeyValueStore _store;
    private readonly CoordinationSessionOptions _options;
    private readonly KeyRange _key;
    private readonly SemaphoreSlim _puts = new(1);
    private readonly CancellationTokenSource _stop = new();
    private ReadOnlyMemory<byte> _value;
    private volatile Registered? _current;

    private ServiceRegistration(
        IKeyValueStore store, string key, ReadOnlyMemory<byte> value, CoordinationSessionOptions options)
    {
        _store = store;
        _options = options;
        _value = value;
        Key = key;
        _key = KeyRange.Single(key);
    }

    /// <summary>Gets the key.</summary>
    public string Key { get; }

    /// <summary>Gets a value indicating whether the instance is registered, as far as that is known here.</summary>
    public bool IsRegistered => _current is { } current && !current.Session.IsLost;

    /// <summary>Gets the lease that it is registered with now; none while it is not.</summary>
    public LeaseId Lease => _current?.Session.Lease ?? LeaseId.None;

    /// <summary>Gets the number of this registration, which grows with each one of this name.</summary>
    /// <value>Zero while it is not registered.</value>
    public FencingToken FencingToken => new(_current?.Revision.Value ?? 0);

    /// <summary>Gets a token that is cancelled when the present registration is lost; the next has another.</summary>
    /// <value>Cancelled while it is not registered.</value>
    public CancellationToken Lost => _current?.Session.Lost ?? new(canceled: true);

    /// <summary>
    /// Gets a task that ends when it is disposed, or when another registration of the same name has taken its place; it
    /// fails if the store refuses for a reason that does not pass.
    /// </summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Registers an instance; it is registered when this returns.</summary>
    /// <param name="store">The store.</param>
    /// <param name="service">The service's name.</param>
    /// <param name="instance">The instance's name; an earlier registration of it is replaced.</param>
    /// <param name="value">What others shall see, such as an address.</param>
    /// <param name="options">How long the lease lives: for so long a dead instance stays registered.</param>
    /// <param name="cancellationToken">Gives up; what was registered all the same ends with its lease.</param>
    /// <exception cref="ArgumentException">A name is empty, or an option makes no sense.</exception>
    /// <exception cref="CoordException">The store refused, or is out of reach; nothing stays registered.</exception>
    public static async ValueTask<ServiceRegistration> StartAsync(
        IKeyValueStore store,
        string service,
        string instance,
        ReadOnlyMemory<byte> value,
        CoordinationSessionOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(service);
        ArgumentException.ThrowIfNullOrEmpty(instance);
        options ??= new();
        options.Validate(nameof(options));
        ServiceRegistration registration = new(store, $"{service}/{instance}", value, options);
        await registration.RegisterAsync(cancellationToken).ConfigureAwait(false);
        registration.Completion = registration.KeepAsync();
        return registration;
    }

    /// <summary>Registers an instance with text for a value; it is registered when this returns.</summary>
    /// <param name="store">The store.</param>
    /// <param name="service">The service's name.</param>
    /// <param name="instance">The instance's name; an earlier registration of it is replaced.</param>
    /// <param name="value">What others shall see, such as an address.</param>
    /// <param name="options">How long the lease lives: for so long a dead instance stays registered.</param>
    /// <param name="cancellationToken">Gives up; what was registered all the same ends with its lease.</param>
    /// <exception cref="ArgumentException">A name is empty, or an option makes no sense.</exception>
    /// <exception cref="CoordException">The store refused, or is out of reach; nothing stays registered.</exception>
    public static ValueTask<ServiceRegistration> StartAsync(
        IKeyValueStore store,
        string service,
        string instance,
        string value,
        CoordinationSessionOptions? options = null,
        CancellationToken cancellationToken = default) =>
        StartAsync(store, service, instance, Encoding.UTF8.GetBytes(value), options, cancellationToken);

    /// <summary>Replaces the value that others see.</summary>
    /// <param name="value">The new value. Whatever happens, the next registration has it.</param>
    /// <param name="cancellationToken">Stops waiting; the value may be replaced all the same.</param>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    /// <exception cref="CoordException">The outcome says whether others may see it already.</exception>
    public async ValueTask UpdateAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, typeof(ServiceRegistration));
        await _puts.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _value = value;
            if (_current is not { } current || current.Session.IsLost)
                return; // It is about to register again, with this value.

            LeaseId lease = current.Session.Lease;
            Transaction update = Transaction.If(Comparison.OfLease(_key, ComparisonOperator.Equal, lease))
                .Then(Operation.Put(_key.Key, value, new() { Lease = lease }));
            await _store.CommitAsync(update, cancellationToken).ConfigureAwait(false);
        }
        catch (LeaseNotFoundException)
        {
            // Lost in this moment: the next registration has the value.
        }
        finally
        {
            _puts.Release();
        }
    }

    /// <inheritdoc cref="UpdateAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public ValueTask UpdateAsync(string value, CancellationToken cancellationToken = default) =>
        UpdateAsync(Encoding.UTF8.GetBytes(value), cancellationToken);

    /// <summary>
    /// Ends the registration. Never throws: if the store is out of reach, the lease ends by itself.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await LeaveAsync().ConfigureAwait(false);
    }

    /// <summary>Registers again and again, until it is stopped or replaced.</summary>
    private async Task KeepAsync()
    {
        try
        {
            while (await IsToBeRegisteredAgainAsync(_current!).ConfigureAwait(false))
            {
                await LeaveAsync().ConfigureAwait(false);
                await StoreRetry.UntilAnsweredAsync(
                    async stop =>
                    {
                        await RegisterAsync(stop).ConfigureAwait(false);
                        return true;
                    },
                    _options.TimeProvider,
                    _stop.Token).ConfigureAwait(false);
            }

            await LeaveAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        CoordinationSession session = await CoordinationSession.CreateAsync(_store, _options, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await _puts.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                PutOptions options = new() { Lease = session.Lease };
                TransactionResult put = await _store.CommitAsync(
                    Transaction.Of(Operation.Put(_key.Key, _value, options)), cancellationToken).ConfigureAwait(false);
                _current = new(session, put.Revision);
            }
            finally
            {
                _puts.Release();
            }
        }
        catch
        {
            // The put may have happened: the end of the lease undoes it.
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until the registration is gone.</summary>
    /// <returns>False if another registration of this name has taken its place.</returns>
    private async Task<bool> IsToBeRegisteredAgainAsync(Registered current)
    {
        LeaseId lease = current.Session.Lease;
        Revision seen = current.Revision;
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, current.Session.Lost);
        try
        {
            while (true)
            {
                await KeyChanges.WaitAsync(
                    _store,
                    _key,
                    seen,
                    change => change.Kind is WatchEventKind.Delete || change.KeyValue.Lease != lease,
                    _options.TimeProvider,
                    stop.Token).ConfigureAwait(false);
                GetResult now = await StoreRetry.UntilAnsweredAsync(
                    token => _store.GetAsync(_key, null, token), _options.TimeProvider, stop.Token)
                    .ConfigureAwait(false);
                if (now.First is not { } stored)
                    return true;
                if (stored.Lease != lease)
                    return false;
                seen = now.Revision;
            }
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            return true; // The session is lost.
        }
    }

    private async Task LeaveAsync()
    {
        if (Interlocked.Exchange(ref _current, null) is { } left)
            await left.Session.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A session, and the revision at which the key was put under it.</summary>
    private sealed record Registered(CoordinationSession Session, Revision Revision);
}
