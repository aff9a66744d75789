using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Coord.Kv.Commands;
using Coord.Kv.Leases;
using Coord.Raft;

namespace Coord.Kv;

/// <summary>
/// The store inside this process: writes go through the log, reads and watches come from its copy. Thread-safe.
/// </summary>
/// <remarks>
/// Any member can be used: writes and linearizable reads go to the leader by themselves. Disposing it ends its watches
/// with <see cref="ObjectDisposedException"/>; it does not stop the member. Leases end only while the leading member
/// has such a store: it does by the clock what has to be done.
/// </remarks>
public sealed partial class EmbeddedKeyValueStore : IKeyValueStore, IDisposable
{
    private const int EncodingBytesKept = 64 * 1024;

    private static readonly GetOptions DefaultGet = new();
    private static readonly WatchOptions DefaultWatch = new();

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? Encoding;

    private readonly IReplicatedLog _log;
    private readonly Action<Span<byte>> _entropy;
    private readonly KeyValueStateMachine _stateMachine;
    private readonly KeyValueOptions _options;
    private readonly WritePolicy _policy;
    private readonly KeepAliveQueue _keepAlives;
    private readonly CancellationTokenSource _disposed = new();

    /// <summary>Creates the store on a node.</summary>
    /// <param name="node">The node; it may be started later.</param>
    /// <param name="stateMachine">The state machine that the node was created with.</param>
    /// <param name="options">The bounds for what this store sends; those of the state machine if null.</param>
    /// <exception cref="ArgumentException">A bound makes no sense.</exception>
    public EmbeddedKeyValueStore(RaftNode node, KeyValueStateMachine stateMachine, KeyValueOptions? options = null)
        : this(node, stateMachine, options, RandomNumberGenerator.Fill)
    {
    }

    /// <summary>Creates the store on a node, with a source of chance of its own.</summary>
    internal EmbeddedKeyValueStore(
        RaftNode node, KeyValueStateMachine stateMachine, KeyValueOptions? options, Action<Span<byte>> entropy)
        : this(new RaftNodeLog(Given(node)), Given(stateMachine), options, entropy) =>
        _ = Housekeeper.RunAsync(_disposed.Token);

    /// <summary>Creates the store over any log that feeds the given state machine.</summary>
    internal EmbeddedKeyValueStore(
        IReplicatedLog log, KeyValueStateMachine stateMachine, KeyValueOptions? options = null,
        Action<Span<byte>>? entropy = null)
    {
        _log = log;
        _entropy = entropy ?? RandomNumberGenerator.Fill;
        _stateMachine = stateMachine;
        _options = options ?? stateMachine.Options;
        if (_options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(' ', problems), nameof(options));
        _policy = new(_options.QuotaBytes, _options.RetainedRevisions, log.Member.Value);
        _keepAlives = new(RenewLeasesAsync);
        LeaseKeeper leases = new(log, stateMachine, ProposeLeaseCommandAsync);
        Housekeeper = new(
            log,
            stateMachine,
            _options,
            leases,
            async (command, cancellationToken) => await RunAsync(command, cancellationToken).ConfigureAwait(false));

        // A watch never goes silent: when the member stops, by itself or not, its watches say so.
        _ = EndWatchesAsync(log.Completion);
    }

    /// <summary>Gets what is done by the clock; the public constructor starts it.</summary>
    internal Housekeeper Housekeeper { get; }

    /// <summary>Gets what this member's copy holds now.</summary>
    public KeyValueStatus Status => _stateMachine.Status;

    /// <inheritdoc/>
    public async ValueTask<GetResult> GetAsync(
        KeyRange range, GetOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DefaultGet;
        ThrowIfNoKey(range);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Limit, nameof(options));
        if (!options.Serializable)
            await _log.ReadBarrierAsync(cancellationToken).ConfigureAwait(false);
        return _stateMachine.Read(range, options);
    }

    /// <inheritdoc/>
    public ValueTask<PutResult> PutAsync(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        PutOptions? options = null,
        CancellationToken cancellationToken = default) =>
        PutAsync(key, value, options, default, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DeleteResult> DeleteAsync(
        KeyRange range, DeleteOptions? options = null, CancellationToken cancellationToken = default) =>
        DeleteAsync(range, options, default, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Revision> CompactAsync(
        Revision revision, CompactOptions? options = null, CancellationToken cancellationToken = default) =>
        CompactAsync(revision, options, default, cancellationToken);

    internal async ValueTask<PutResult> PutAsync(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        PutOptions? options,
        SessionTicket ticket,
        CancellationToken cancellationToken)
    {
        ThrowIfEmptyKey(key);
        ThrowIfLarger("The key", key.Length, _options.MaxKeyBytes);
        ThrowIfLarger("The value", value.Length, _options.MaxValueBytes);
        TransactionChecker.CheckPut(value.Length, options);
        long lease = options?.Lease.Value ?? 0;
        Command command = Command.Put(key, value, TransactionCodec.FlagsOf(options), _policy, lease);
        (long revision, CommandResult result) =
            await RunAsync(command, ticket, cancellationToken).ConfigureAwait(false);
        return new(new(revision), result.Previous.Count > 0 ? result.Previous[0] : null);
    }

    internal async ValueTask<DeleteResult> DeleteAsync(
        KeyRange range, DeleteOptions? options, SessionTicket ticket, CancellationToken cancellationToken)
    {
        ThrowIfNoKey(range);
        ThrowIfLarger("The key", range.Key.Length, _options.MaxKeyBytes);
        ThrowIfLarger("The end of the range", range.RangeEnd.Length, _options.MaxKeyBytes);
        Command command = Command.Delete(range, options?.ReturnPrevious ?? false, _policy);
        (long revision, CommandResult result) =
            await RunAsync(command, ticket, cancellationToken).ConfigureAwait(false);
        return new(new(revision), result.Number, result.Previous);
    }

    internal async ValueTask<Revision> CompactAsync(
        Revision revision, CompactOptions? options, SessionTicket ticket, CancellationToken cancellationToken)
    {
        Command command = Command.Compact(revision.Value);
        (long current, _) = await RunAsync(command, ticket, cancellationToken).ConfigureAwait(false);
        if (options?.WaitForRemoval == true)
        {
            while (_stateMachine.IsCompacting())
                await RunAsync(Command.StepCompaction(), cancellationToken).ConfigureAwait(false);

            // This takes its time, and whoever answered may have others to answer.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            while (_stateMachine.Reclaim())
                cancellationToken.ThrowIfCancellationRequested();
        }

        return new(current);
    }

    /// <summary>Computes the checksum of this member's copy.</summary>
    /// <param name="revision">Up to which revision; zero for the present one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CompactedException">The revision has been compacted.</exception>
    /// <exception cref="FutureRevisionException">The revision does not exist yet.</exception>
    public async ValueTask<KeyValueHash> HashAsync(
        Revision revision = default, CancellationToken cancellationToken = default) =>
        await Task.Run(() => _stateMachine.Hash(revision.Value, cancellationToken), cancellationToken)
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchBatch> WatchAsync(
        KeyRange range, WatchOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DefaultWatch;
        ThrowIfNoKey(range);
        if (range.IsEmpty)
            throw new ArgumentException("The range can contain no key: its end is not above its start.", nameof(range));
        ArgumentOutOfRangeException.ThrowIfNegative(options.StartRevision.Value, nameof(options));

        // "Now" is now, not when the caller gets round to enumerating.
        long start = options.StartRevision.IsZero ? _stateMachine.NextRevision() : options.StartRevision.Value;
        KeyRange copy = new(range.Key.ToArray(), range.RangeEnd.ToArray());
        return RunWatchAsync(copy, options with { StartRevision = new(start) }, cancellationToken);
    }

    /// <summary>Returns a face of the store whose one write is done once, however often it is asked for.</summary>
    /// <param name="ticket">The write's place in a session; of no session, it is a write like any other.</param>
    public SessionWriter InSession(SessionTicket ticket) => new(this, ticket);

    /// <summary>Opens a stream for many watches of this member.</summary>
    public WatchStream OpenWatchStream() => new(_stateMachine);

    /// <summary>Ends all watches.</summary>
    public void Dispose() => Stop(new ObjectDisposedException(nameof(EmbeddedKeyValueStore)));

    private static T Given<T>(T argument, [CallerArgumentExpression(nameof(argument))] string? parameter = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(argument, parameter);
        return argument;
    }

    private static void ThrowIfNoKey(KeyRange range) => ThrowIfEmptyKey(range.Key, nameof(range));

    private static void ThrowIfEmptyKey(
        ReadOnlyMemory<byte> key, [CallerArgumentExpression(nameof(key))] string? parameter = null)
    {
        if (key.IsEmpty)
            throw new ArgumentException("The key is empty. For all keys use KeyRange.All.", parameter);
    }

    private static void ThrowIfLarger(string part, long bytes, long maxBytes)
    {
        if (bytes > maxBytes)
            throw new RequestTooLargeException(part, bytes, maxBytes);
    }

    private async IAsyncEnumerable<WatchBatch> RunWatchAsync(
        KeyRange range, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using WatchStream stream = OpenWatchStream();
        stream.Add(range, options, id: 0, out _);
        while (await stream.ReadAsync(cancellationToken).ConfigureAwait(false) is { } notice)
        {
            if (notice.Kind is WatchNoticeKind.Compacted)
                throw new CompactedException(notice.Revision);
            yield return new(notice.Revision, notice.Events);
        }
    }

    private async Task EndWatchesAsync(Task completion)
    {
        try
        {
            await completion.ConfigureAwait(false);
            Dispose();
        }
        catch (Exception reason) when (reason is not OutOfMemoryException)
        {
            Stop(reason);
        }
    }

    private void Stop(Exception reason)
    {
        _stateMachine.Stop(reason);
        _disposed.Cancel();
    }

    private ValueTask<(long Revision, CommandResult Result)> RunAsync(
        in Command command, CancellationToken cancellationToken) =>
        RunAsync(command, default(SessionTicket), cancellationToken);

    private ValueTask<(long Revision, CommandResult Result)> RunAsync(
        in Command command, SessionTicket ticket, CancellationToken cancellationToken) =>
        RunAsync(command, static (bytes, command) => CommandCodec.Write(bytes, command), ticket, cancellationToken);

    private ValueTask<(long Revision, CommandResult Result)> RunAsync<T>(
        T command, Action<IBufferWriter<byte>, T> write, CancellationToken cancellationToken) =>
        RunAsync(command, write, default, cancellationToken);

    private async ValueTask<(long Revision, CommandResult Result)> RunAsync<T>(
        T command, Action<IBufferWriter<byte>, T> write, SessionTicket ticket, CancellationToken cancellationToken)
    {
        ProposalResult proposal = await ProposeAsync(command, write, ticket, cancellationToken).ConfigureAwait(false);

        // Another member that leads answers as soon as it has applied the command. Who asked here expects to find it
        // here, in reads that need no quorum and with watches that begin after it; but a known answer is given also
        // if this member is cut off.
        Task applied = _stateMachine.WaitForAppliedAsync(proposal.Id.Index);
        if (!applied.IsCompleted)
        {
            await applied.WaitAsync(_log.ElectionTimeout, _stateMachine.Clock, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        CommandResult result = ResultCodec.Read(proposal.Payload);
        ThrowIfRefused(result);
        return (proposal.Value, result);
    }

    private static void ThrowIfRefused(in CommandResult result)
    {
        switch (result.Status)
        {
            case CommandStatus.Done:
                return;
            case CommandStatus.SpaceExceeded:
                throw new SpaceExceededException(result.Number);
            case CommandStatus.Compacted:
                throw new CompactedException(new(result.Number));
            case CommandStatus.FutureRevision:
                throw new FutureRevisionException(new(result.Number));
            case CommandStatus.LeaseNotFound:
                throw new LeaseNotFoundException(new(result.Number));
            case CommandStatus.LeaseExists:
                throw new LeaseExistsException(new(result.Number));
            case CommandStatus.KeyMissing:
                throw new KeyMissingException();
            case CommandStatus.Corrupt:
                throw new StoreCorruptException();
            case CommandStatus.ResultTooLarge:
                throw new RequestTooLargeException("The answer", result.Number, ResultSize.MaxBytes);
            default:
                throw new InvalidDataException($"The command was refused: {result.Status}.");
        }
    }

    private ValueTask<ProposalResult> ProposeAsync<T>(
        T command, Action<IBufferWriter<byte>, T> write, SessionTicket ticket, CancellationToken cancellationToken)
    {
        // The log copies the bytes before it returns, so one buffer a thread serves all callers.
        ArrayBufferWriter<byte> bytes = Encoding ??= new();
        bytes.ResetWrittenCount();
        write(bytes, command);
        if (bytes.Capacity > EncodingBytesKept)
            Encoding = null;
        ThrowIfLarger("The request", bytes.WrittenCount, _options.MaxRequestBytes);
        return _log.ProposeAsync(bytes.WrittenMemory, ticket, cancellationToken);
    }
}
