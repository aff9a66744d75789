using System.ComponentModel;
using System.IO.Pipes;
using System.Text;

namespace Coord.Scheduling.Leash;

/// <summary>
/// One child of the leash: a process group, its output, and its end. Owned by <see cref="LeashServer"/>.
/// </summary>
internal sealed class LeashChild(long id, Action<LeashEvent> tell) : IDisposable
{
    private const int MaxLineLength = 2048;
    private const int StackBytes = 256 * 1024;

    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    private readonly AnonymousPipeServerStream _output = new(PipeDirection.In, HandleInheritability.None);
    private readonly Lock _lock = new();
    private int _pid;
    private bool _isReaped;

    /// <summary>Gets the process id, which is the group's too.</summary>
    public int Pid => Volatile.Read(ref _pid);

    /// <summary>Starts it. Called by the leash's first thread: a child may be told of that thread's end.</summary>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public void Start(LeashRequest request, Action<LeashChild> ended)
    {
        try
        {
            using (_output.ClientSafePipeHandle)
            {
                using var output = new Microsoft.Win32.SafeHandles.SafeFileHandle(
                    _output.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
                Volatile.Write(ref _pid, NativeProcess.Start(
                    request.Arguments ?? [], request.Environment ?? [], request.Directory, output));
            }
        }
        catch (Win32Exception)
        {
            _output.Dispose();
            throw;
        }

        tell(new(LeashEventKind.Started, id, Pid));
        var reader = new Thread(Read, StackBytes) { IsBackground = true, Name = $"output {id}" };
        reader.Start();
        new Thread(() => Wait(reader, ended), StackBytes) { IsBackground = true, Name = $"wait {id}" }.Start();
    }

    /// <summary>Signals the whole group.</summary>
    public void Signal(int signal)
    {
        // Once it is reaped its id can be that of somebody else.
        lock (_lock)
        {
            if (!_isReaped)
                NativeProcess.SignalGroup(Pid, signal);
        }
    }

    /// <summary>Closes its output. What it still writes is lost.</summary>
    public void Dispose() => _output.Dispose();

    private void Wait(Thread reader, Action<LeashChild> ended)
    {
        NativeProcess.AwaitEnd(Pid);
        int? exitCode;
        int signal;
        lock (_lock)
        {
            // What it started and left behind is not to go on: its slot is free for another node now. Until it is
            // reaped nobody else can have the group's id.
            NativeProcess.SignalGroup(Pid, NativeProcess.Sigkill);
            (exitCode, signal) = NativeProcess.Reap(Pid);
            _isReaped = true;
        }

        // Its last words come before its end. Who left the group may hold the pipe open for longer.
        reader.Join(LastWords);
        ended(this);
        tell(new(LeashEventKind.Ended, id, Pid, exitCode, signal));
    }

    private void Read()
    {
        var line = new StringBuilder();
        Span<byte> bytes = stackalloc byte[4096];
        Span<char> chars = stackalloc char[4096];
        Decoder decoder = Encoding.UTF8.GetDecoder();
        using (_output)
        {
            while (TryRead(bytes) is > 0 and int count)
            {
                int length = decoder.GetChars(bytes[..count], chars, flush: false);
                foreach (char c in chars[..length])
                {
                    if (c == '\n')
                        Flush();
                    else if (line.Length < MaxLineLength)
                        line.Append(c);
                }
            }
        }

        if (line.Length > 0)
            Flush();

        void Flush()
        {
            tell(new(LeashEventKind.Output, id, Text: line.ToString().TrimEnd('\r')));
            line.Clear();
        }
    }

    private int TryRead(Span<byte> bytes)
    {
        try
        {
            return _output.Read(bytes);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
