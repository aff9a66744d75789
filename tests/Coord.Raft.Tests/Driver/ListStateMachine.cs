namespace Coord.Raft.Tests.Driver;

/// <summary>Remembers every command in order: the state machine whose state shows everything that went wrong.</summary>
internal sealed class ListStateMachine : IStateMachine
{
    private readonly Lock _lock = new();
    private readonly List<byte[]> _commands = [];

    public List<string> Commands
    {
        get
        {
            lock (_lock)
                return [.. _commands.Select(command => System.Text.Encoding.UTF8.GetString(command))];
        }
    }

    /// <summary>Gets or sets a value indicating whether the next command cannot be applied.</summary>
    public bool Breaks { get; set; }

    public ApplyResult Apply(in AppliedCommand command)
    {
        if (Breaks)
            throw new InvalidDataException("The state machine is broken.");

        lock (_lock)
        {
            if (command.Payload.IsEmpty)
                return new ApplyResult(_commands.Count);

            _commands.Add(command.Payload.ToArray());
            return new ApplyResult(_commands.Count, command.Payload);
        }
    }

    // A mixture, so that both ways are taken, and the change from one to the other.
    public bool IsQuick(in AppliedCommand command) => command.Id.Index.Value % 3 != 0;

    public void OnBatchApplied(LogIndex applied)
    {
    }

    public IStateCapture Capture()
    {
        lock (_lock)
            return new ListCapture([.. _commands]);
    }

    public void Restore(Stream snapshot, EntryId lastIncluded)
    {
        using BinaryReader reader = new(snapshot, System.Text.Encoding.UTF8, leaveOpen: true);
        lock (_lock)
        {
            _commands.Clear();
            for (int count = reader.ReadInt32(); count > 0; count--)
                _commands.Add(reader.ReadBytes(reader.ReadInt32()));
        }
    }

    private sealed class ListCapture(byte[][] commands) : IStateCapture
    {
        public void WriteTo(Stream destination, CancellationToken cancellationToken)
        {
            using BinaryWriter writer = new(destination, System.Text.Encoding.UTF8, leaveOpen: true);
            writer.Write(commands.Length);
            foreach (byte[] command in commands)
            {
                writer.Write(command.Length);
                writer.Write(command);
            }
        }

        public void Dispose()
        {
        }
    }
}
