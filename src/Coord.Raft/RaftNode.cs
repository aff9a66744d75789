using System.Buffers.Binary;
using Coord.Raft.Driver;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Raft;

/// <summary>A member of a cluster: its log, its state machine, and the loops that drive them.</summary>
/// <remarks>
/// All members of a cluster are made alike; which of them leads is theirs to find out. Every method may be called on
/// every member and from any thread: proposals are forwarded to the leader, reads are confirmed by it. A node that can
/// no longer keep its promises (a failed write, a broken invariant) stops by itself; see <see cref="Completion"/>.
/// </remarks>
public sealed partial class RaftNode : IAsyncDisposable
{
    private readonly RaftOptions _options;
    private readonly IStateMachine _stateMachine;
    private readonly IRaftTransport _transport;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly long _startedAt;
    private readonly NodeContext _context;
    private readonly EntryArena _arena;
    private readonly Lock _arenaLock = new();
    private readonly ProposalBudget _budget;
    private readonly ProposalBudget _readBudget;
    private readonly CompletionPool<PendingProposal> _proposalPool = new(pool => new PendingProposal(pool));
    private readonly CompletionPool<PendingRead> _readPool = new(pool => new PendingRead(pool));
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _requestTimeout;
    private readonly ReceiverSlot _receiver = new();
    private readonly CancellationTokenSource _stopping = new();

    // Ends with the attempt to start, and tells whether it has come to something.
    private readonly TaskCompletionSource<bool> _startEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NodeRuntime? _runtime;
    private bool _isRepairing;
    private int _lifecycle;

    /// <summary>Creates a node that does nothing until it is started.</summary>
    /// <param name="options">What it is; not to be changed afterwards.</param>
    /// <param name="stateMachine">What committed commands are applied to; fresh, and used by this node alone.</param>
    /// <param name="transport">What carries its messages; owned by the node from now on.</param>
    /// <param name="timeProvider">The clock; the system's by default.</param>
    /// <param name="loggerFactory">Where it logs; nowhere by default.</param>
    /// <exception cref="ArgumentException">An option is wrong; the message names all that are.</exception>
    public RaftNode(
        RaftOptions options, IStateMachine stateMachine, IRaftTransport transport,
        TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
        : this(options, stateMachine, transport, timeProvider, loggerFactory, NodeEnvironment.System)
    {
    }

    /// <summary>Creates a node in a world of its own.</summary>
    internal RaftNode(
        RaftOptions options, IStateMachine stateMachine, IRaftTransport transport,
        TimeProvider? timeProvider, ILoggerFactory? loggerFactory, NodeEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(stateMachine);
        ArgumentNullException.ThrowIfNull(transport);
        IReadOnlyList<string> errors = options.Validate();
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(" ", errors), nameof(options));

        (_options, _stateMachine, _transport) = (options, stateMachine, transport);
        _timeProvider = timeProvider ?? TimeProvider.System;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<RaftNode>();
        _startedAt = _timeProvider.GetTimestamp();
        EntryBlockPool blocks = new((int)Math.Min(options.SnapshotBytes / EntryBlockPool.BlockBytes, 1024));
        _arena = new EntryArena(blocks);
        _budget = new ProposalBudget(options.MaxPendingProposals, options.MaxPendingBytes);
        _context = new NodeContext
        {
            Options = options,
            Transport = transport,
            Blocks = blocks,
            Proposals = _proposalPool,
            Budget = _budget,
            Clock = Now,
            Environment = environment,
            Logger = _logger,
        };
        _readBudget = new ProposalBudget(options.MaxPendingProposals, long.MaxValue);
        _requestTimeout = (long)options.RequestTimeout.TotalNanoseconds;
    }

    /// <summary>
    /// Is raised when role, leader, term or membership change; on the owner loop, so do not block in it.
    /// </summary>
    public event Action<RaftStatus>? StatusChanged;

    /// <summary>Gets this member's id.</summary>
    public NodeId Id => _options.NodeId;

    /// <summary>Gets the least time without a leader after which a member campaigns.</summary>
    public TimeSpan ElectionTimeout => _options.ElectionTimeout;

    /// <summary>Gets what the node consists of once it was started; for whoever watches over its invariants.</summary>
    internal NodeRuntime? Runtime => _runtime;

    /// <summary>Gets how the node stands.</summary>
    public RaftStatus Status =>
        _runtime?.Driver.Status ?? new RaftStatus { Id = Id, IsRepairing = Volatile.Read(ref _isRepairing) };

    /// <summary>
    /// Gets a task that ends when the node has stopped: well if it was asked to, and with the reason if it stopped by
    /// itself, such as a <see cref="StorageFailedException"/>.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>
    /// Opens the data directory, recovers the log, and takes part in the cluster. Does not wait for a leader, but where
    /// the log is damaged for other members, who have what is missing; the log tells what it waits for.
    /// </summary>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="InvalidOperationException">The node was started before.</exception>
    /// <exception cref="DataDirectoryException">The directory cannot be used; the message says what to do.</exception>
    /// <exception cref="LogCorruptedException">
    /// Bytes that were durable are damaged, and no other member can help; nothing was deleted.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was given up, or the node was stopped meanwhile.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.CompareExchange(ref _lifecycle, 1, 0) != 0)
            throw new InvalidOperationException("A node is started once.");

        bool isRunning = false;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
            _runtime = await OpenAsync(stop.Token).ConfigureAwait(false);
            stop.Token.ThrowIfCancellationRequested();
            _runtime.Driver.OnStatusChanged = Publish;
            if (_receiver.Begin(_runtime.Receiver))
                await _transport.StartAsync(_receiver, stop.Token).ConfigureAwait(false);
            _transport.UpdateMembers(Status.Membership.Members);
            _runtime.Start();
            isRunning = true;
        }
        catch (Exception exception)
        {
            // Nothing runs: whoever stops or disposes the node from now on finds that done. Who is doing so already
            // waits for this, and does the rest.
            bool isStopping = Interlocked.Exchange(ref _lifecycle, 2) == 2;
            _runtime?.Close();
            _runtime?.FailAll(exception);
            if (!isStopping)
            {
                _completion.TrySetException(exception);
                await _transport.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
        finally
        {
            _startEnded.TrySetResult(isRunning);
        }
    }

    /// <summary>Opens the directory; repairs its log first if it is damaged and others can help.</summary>
    private async Task<NodeRuntime> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return NodeRuntime.Open(_context, _stateMachine, Fail);
        }
        catch (LogCorruptedException damage)
        {
            using LogRepair? repair = LogRepair.TryBegin(_context, _timeProvider, damage);
            if (repair is null)
                throw;

            Volatile.Write(ref _isRepairing, true);
            if (_receiver.Begin(repair))
                await _transport.StartAsync(_receiver, cancellationToken).ConfigureAwait(false);
            await repair.RunAsync(cancellationToken).ConfigureAwait(false);
        }

        NodeRuntime runtime = NodeRuntime.Open(_context, _stateMachine, Fail);
        Volatile.Write(ref _isRepairing, false);
        return runtime;
    }

    /// <summary>
    /// Hands the leadership over if this member has it, finishes what is on its way to the disk, and stops.
    /// </summary>
    /// <param name="cancellationToken">Stops without waiting for a successor.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_runtime is not null && Volatile.Read(ref _lifecycle) == 1)
        {
            try
            {
                await HandOverAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is CoordException or OperationCanceledException)
            {
                // The others elect a leader by themselves, a little later.
            }
        }

        await ShutDownAsync(null).ConfigureAwait(false);
    }

    /// <summary>Stops the node.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _arena.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Replicates a command and applies it.</summary>
    /// <param name="command">The command; copied before the call returns. At most <c>MaxCommandBytes</c>.</param>
    /// <param name="cancellationToken">Stops waiting; the command may still be applied.</param>
    /// <returns>What this cluster's state machine answered.</returns>
    /// <exception cref="ArgumentException">The command is too large.</exception>
    /// <exception cref="NotLeaderException">No leader was found in time; not done.</exception>
    /// <exception cref="ProposalDroppedException">
    /// A bound was reached, or another leader took over; not done.
    /// </exception>
    /// <exception cref="OutcomeUnknownException">It may have been, or may yet be applied.</exception>
    /// <exception cref="NodeStoppedException">The node is not running; see its outcome.</exception>
    public ValueTask<ProposalResult> ProposeAsync(
        ReadOnlyMemory<byte> command, CancellationToken cancellationToken = default)
    {
        ThrowIfTooLarge(command);
        return ProposeAsync(EntryKind.Command, command, default, cancellationToken);
    }

    /// <summary>Replicates a command of a session and applies it, unless that was done before.</summary>
    /// <remarks>
    /// For who carries the session's numbers himself, such as a server for its clients; a <see cref="ClientSession"/>
    /// does it for callers in the process. A command that may have happened may be proposed again under its ticket, at
    /// any member, until its answer is known.
    /// </remarks>
    /// <param name="command">The command; copied before the call returns. At most <c>MaxCommandBytes</c>.</param>
    /// <param name="ticket">Its place in a session; of no session, it is proposed like any other command.</param>
    /// <param name="cancellationToken">Stops waiting; the command may still be applied.</param>
    /// <returns>What the state machine answered, the one time that it was applied.</returns>
    /// <exception cref="ArgumentException">The command is too large.</exception>
    /// <exception cref="SessionExpiredException">
    /// The cluster has forgotten the session, or this answer. This attempt did nothing; an earlier one may have.
    /// </exception>
    /// <exception cref="NotLeaderException">No leader was found in time; not done.</exception>
    /// <exception cref="ProposalDroppedException">
    /// A bound was reached, or another leader took over; not done.
    /// </exception>
    /// <exception cref="OutcomeUnknownException">It may have been, or may yet be applied.</exception>
    /// <exception cref="NodeStoppedException">The node is not running; see its outcome.</exception>
    public ValueTask<ProposalResult> ProposeOnceAsync(
        ReadOnlyMemory<byte> command, SessionTicket ticket, CancellationToken cancellationToken = default)
    {
        ThrowIfTooLarge(command);
        EntryKind kind = ticket.IsNone ? EntryKind.Command : EntryKind.SessionCommand;
        return ProposeAsync(kind, command, ticket, cancellationToken);
    }

    /// <summary>
    /// Waits until this member's state machine has everything that was committed anywhere when the call was made, so
    /// that what is then read from it is linearizable (thesis §6.4).
    /// </summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The index that is applied at least.</returns>
    /// <exception cref="CoordTimeoutException">No quorum confirmed it in time.</exception>
    /// <exception cref="ProposalDroppedException">Too many reads wait at this member.</exception>
    /// <exception cref="NodeStoppedException">The node is not running.</exception>
    public ValueTask<LogIndex> ReadBarrierAsync(CancellationToken cancellationToken = default)
    {
        NodeRuntime runtime = Running();
        PendingRead read = _readPool.Rent();
        read.Deadline = Now() + _requestTimeout;
        bool hasRoom = _readBudget.TryTake(0);
        read.Budget = hasRoom ? _readBudget : null;
        ValueTask<LogIndex> task = read.BeginAsync(cancellationToken);
        if (!hasRoom || !runtime.Driver.TryEnqueue(read, _readBudget.Count))
            read.Fail(new ProposalDroppedException("Too many reads wait at this member; try again shortly."));

        return task;
    }

    /// <summary>Opens a session, whose commands are applied exactly once.</summary>
    /// <param name="cancellationToken">
    /// Stops waiting; a session that was opened all the same is forgotten in time.
    /// </param>
    public async ValueTask<ClientSession> OpenSessionAsync(CancellationToken cancellationToken = default)
    {
        byte[] id = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(id, _context.Environment.NextSeed());
        ProposalResult result = await ProposeAsync(EntryKind.OpenSession, id, default, cancellationToken)
            .ConfigureAwait(false);
        return new ClientSession(this, (ulong)result.Value);
    }

    /// <summary>Hands the leadership to another voter (thesis §3.10).</summary>
    /// <param name="to">The member that is to lead.</param>
    /// <param name="cancellationToken">Stops waiting; the transfer goes on or ends by itself.</param>
    /// <exception cref="NotLeaderException">This member does not lead.</exception>
    /// <exception cref="MembershipChangeRefusedException">The target is not a voter.</exception>
    /// <exception cref="CoordTimeoutException">It did not take over within two election timeouts.</exception>
    public Task TransferLeadershipAsync(NodeId to, CancellationToken cancellationToken = default) =>
        RunOnOwnerAsync(driver => (done => driver.TransferLeadership(to, done)), cancellationToken);

    /// <summary>Waits until this member knows a leader.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="NodeStoppedException">The node stopped first.</exception>
    public async Task WaitForLeaderAsync(CancellationToken cancellationToken = default)
    {
        TaskCompletionSource found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(RaftStatus status)
        {
            if (!status.Leader.IsNone)
                found.TrySetResult();
        }

        StatusChanged += Look;
        try
        {
            Look(Status);
            Task first = await Task.WhenAny(found.Task, Completion).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (first != found.Task)
                throw new NodeStoppedException("The node has stopped.", Outcome.DidNotHappen);
        }
        finally
        {
            StatusChanged -= Look;
        }
    }

    /// <summary>Changes who belongs to the cluster, step by step, and waits until it is done (Raft §6).</summary>
    /// <remarks>
    /// The leader does it; any other member sends it there. The outcome is unknown if the leader is lost meanwhile.
    /// </remarks>
    /// <param name="target">
    /// The wanted membership. New voters come in as learners, and vote once they have caught up.
    /// </param>
    /// <param name="expectedVersion">The version of the membership that the target was made from.</param>
    /// <param name="cancellationToken">Stops waiting; the change goes on.</param>
    /// <returns>The membership that is in force then.</returns>
    /// <exception cref="NotLeaderException">No leader was found in time; not done.</exception>
    /// <exception cref="MembershipChangeRefusedException">
    /// It is not allowed now; the message says why. Not done.
    /// </exception>
    /// <exception cref="OutcomeUnknownException">It began and may yet end; read the membership.</exception>
    public async Task<Membership> ChangeMembershipAsync(
        MembershipTarget target, LogIndex expectedVersion, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        NodeRuntime runtime = Running();
        TaskCompletionSource<Membership> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!runtime.Driver.TryEnqueue(
            new Inbound(default, Command: () => runtime.Driver.ChangeMembership(target, expectedVersion, done))))
        {
            throw new ProposalDroppedException("The member has too much to do; try again shortly.");
        }

        await AnsweredAsync(done.Task, cancellationToken).ConfigureAwait(false);
        return await done.Task.ConfigureAwait(false);
    }

    /// <summary>Refuses a command that the log would not take; a larger one would stop the node there.</summary>
    internal void ThrowIfTooLarge(ReadOnlyMemory<byte> command)
    {
        if (command.Length > _options.MaxCommandBytes)
            throw new ArgumentException(
                $"The command has {command.Length} bytes; at most {_options.MaxCommandBytes} are allowed.",
                nameof(command));
    }

    internal ValueTask<ProposalResult> ProposeAsync(
        EntryKind kind, ReadOnlyMemory<byte> body, SessionTicket ticket, CancellationToken cancellationToken)
    {
        NodeRuntime runtime = Running();
        int headerBytes = ticket.IsNone ? 0 : SessionTable.HeaderBytes;
        int bytes = headerBytes + body.Length;
        if (!_budget.TryTake(bytes))
            throw new ProposalDroppedException("Too many proposals wait at this member; try again shortly.");

        PendingProposal proposal = _proposalPool.Rent();
        proposal.Kind = kind;
        proposal.Budget = _budget;
        proposal.BudgetBytes = bytes;
        proposal.StartedAt = Now();
        proposal.Deadline = proposal.StartedAt + _requestTimeout;
        if (bytes > 0)
        {
            // Encoded once, into the memory that the log, the disk and the peers' pipes will all read from.
            lock (_arenaLock)
            {
                Memory<byte> memory = _arena.Allocate(bytes, out EntryBlock block);
                if (headerBytes > 0)
                    SessionTable.WriteHeader(memory.Span, ticket);
                body.CopyTo(memory[headerBytes..]);
                (proposal.Payload, proposal.Block) = (memory, block);
            }
        }

        ValueTask<ProposalResult> task = proposal.BeginAsync(cancellationToken);
        if (!runtime.Driver.TryEnqueue(proposal))
        {
            proposal.ReleasePayload();
            proposal.Fail(new NodeStoppedException("The node is stopping.", Outcome.DidNotHappen));
        }

        return task;
    }
}
