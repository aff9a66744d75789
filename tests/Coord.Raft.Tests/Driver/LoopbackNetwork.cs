using System.Buffers;

namespace Coord.Raft.Tests.Driver;

/// <summary>Connects nodes of one process by their wire format, and cuts them off when a test wants it.</summary>
internal sealed class LoopbackNetwork
{
    private readonly Lock _lock = new();
    private readonly Dictionary<NodeId, LoopbackTransport> _transports = [];
    private readonly HashSet<NodeId> _cut = [];

    public LoopbackTransport CreateTransport(NodeId id) => new(this, id);

    public void Cut(NodeId id)
    {
        lock (_lock)
            _cut.Add(id);
    }

    public void Heal(NodeId id)
    {
        lock (_lock)
            _cut.Remove(id);
    }

    private LoopbackTransport? Route(NodeId from, NodeId to)
    {
        lock (_lock)
        {
            if (_cut.Contains(from) || _cut.Contains(to))
                return null;

            return _transports.GetValueOrDefault(to);
        }
    }

    internal sealed class LoopbackTransport(LoopbackNetwork network, NodeId id) : IRaftTransport
    {
        private readonly Lock _arenaLock = new();
        private readonly EntryArena _arena = new(new EntryBlockPool());
        private IRaftMessageReceiver? _receiver;

        /// <summary>Gets or sets what loses messages; none are lost by default.</summary>
        public Func<Message, bool> Drop { get; set; } = static _ => false;

        public ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken)
        {
            _receiver = receiver;
            lock (network._lock)
                network._transports[id] = this;

            return default;
        }

        public bool TrySend(in Message message)
        {
            if (Drop(message) || network.Route(id, message.To) is not { } peer)
                return false;

            ArrayBufferWriter<byte> buffer = new();
            MessageCodec.Write(message, buffer);
            lock (peer._arenaLock)
            {
                ReceiveResult result = peer._receiver!.Receive(id, new(buffer.WrittenMemory), peer._arena);
                Assert.NotEqual(ReceiveResult.Malformed, result);
                return result is ReceiveResult.Accepted;
            }
        }

        public void Flush()
        {
        }

        public void UpdateMembers(IReadOnlyList<Member> members)
        {
        }

        public ValueTask DisposeAsync()
        {
            lock (network._lock)
            {
                if (network._transports.GetValueOrDefault(id) == this)
                    network._transports.Remove(id);
            }

            return default;
        }
    }
}
