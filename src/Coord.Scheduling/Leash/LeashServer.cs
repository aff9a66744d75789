using System.Collections.Concurrent;
using System.ComponentModel;
using System.Globalization;
using System.Text.Json;

namespace Coord.Scheduling.Leash;

/// <summary>
/// The supervisor of a node's child processes: kills them when their agent has not renewed its deadline in time, and
/// when it dies. A process of its own, since an agent can be frozen, or hang.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>Nothing runs after the deadline that the agent gave last.</item>
/// <item>When the agent's end of the pipe closes, everything is killed at once.</item>
/// <item>A leash begins only when no child of an earlier one in the same directory is left.</item>
/// </list>
/// </remarks>
internal sealed class LeashServer(TextReader requests, TextWriter events, string directory, TimeProvider clock)
    : IDisposable
{
    private const int MaxOutput = 4096;

    private readonly ConcurrentDictionary<long, LeashChild> _children = new();
    private readonly EventQueue _events = new(MaxOutput);
    private readonly Lock _lock = new();
    private readonly SurvivorFile _survivors = new(Path.Combine(directory, "leash.children"));
    private readonly BlockingCollection<int> _gone = [];
    private long _termAt;
    private long _killAt;
    private bool _hasAsked;

    /// <summary>Serves until the agent is gone and all children are dead.</summary>
    public void Run()
    {
        Directory.CreateDirectory(directory);
        using FileStream own = TakeDirectory();
        _survivors.EndAll();
        new Thread(Tell) { IsBackground = true, Name = "events" }.Start();
        using ITimer watch = clock.CreateTimer(_ => OnTime(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));
        _events.Add(new(LeashEventKind.Ready));
        while (requests.ReadLine() is { } line)
            Handle(JsonSerializer.Deserialize(line, LeashJson.Default.LeashRequest)!);

        // The agent is gone, and nobody will give another deadline.
        lock (_lock)
            (_termAt, _killAt) = (0, 0);
        OnTime();
        SpinWait.SpinUntil(() => _children.IsEmpty);
        ForgetGone();
    }

    public void Dispose()
    {
        _events.Dispose();
        _gone.Dispose();
    }

    /// <summary>Waits for an earlier leash, which ends when its agent is gone and its children are dead.</summary>
    private FileStream TakeDirectory()
    {
        string path = Path.Combine(directory, "leash.lock");
        while (true)
        {
            try
            {
                return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                using ManualResetEventSlim never = new();
                never.Wait(20);
            }
        }
    }

    private void Handle(LeashRequest request)
    {
        ForgetGone();
        switch (request.Kind)
        {
            case LeashRequestKind.Deadline:
                lock (_lock)
                    (_termAt, _killAt, _hasAsked) = (request.TermAt, request.KillAt, false);
                break;
            case LeashRequestKind.Start:
                Start(request);
                break;
            case LeashRequestKind.Term when _children.TryGetValue(request.Id, out LeashChild? child):
                child.Signal(NativeProcess.Sigterm);
                break;
            case LeashRequestKind.Kill when _children.TryGetValue(request.Id, out LeashChild? child):
                child.Signal(NativeProcess.Sigkill);
                break;
            default:
                break; // Of a child that has ended meanwhile.
        }
    }

    private void Start(LeashRequest request)
    {
        // Under the lock: the deadline kills what it finds, and shall find this one.
        lock (_lock)
        {
            if (clock.GetTimestamp() >= _termAt)
            {
                _events.Add(new(LeashEventKind.Failed, request.Id, Text: "The node is out of touch."));
                return;
            }

            try
            {
                LeashChild child = new(request.Id, _events.Add);
                _children[request.Id] = child;
                child.Start(request, _ => OnEnded(request.Id));
                _survivors.Add(child.Pid);
            }
            catch (Exception failure) when (failure is Win32Exception or IOException)
            {
                if (_children.TryRemove(request.Id, out LeashChild? child))
                    child.Signal(NativeProcess.Sigkill);
                string program = request.Arguments is [string name, ..] ? name : "nothing";
                _events.Add(new(LeashEventKind.Failed, request.Id, Text: $"{program}: {failure.Message}"));
            }
        }
    }

    private void OnEnded(long id)
    {
        if (_children.TryRemove(id, out LeashChild? child))
            _gone.Add(child.Pid);
    }

    /// <summary>The file of survivors is the first thread's.</summary>
    private void ForgetGone()
    {
        while (_gone.TryTake(out int pid))
            _survivors.Remove(pid);
    }

    private void OnTime()
    {
        lock (_lock)
        {
            long now = clock.GetTimestamp();
            if (now < _termAt)
                return;
            if (!_hasAsked || now >= _killAt)
            {
                int signal = now >= _killAt ? NativeProcess.Sigkill : NativeProcess.Sigterm;
                foreach (LeashChild child in _children.Values)
                    child.Signal(signal);
            }

            _hasAsked = true;
        }
    }

    private void Tell()
    {
        try
        {
            while (true)
            {
                events.WriteLine(LeashJson.Write(_events.Take()));
                events.Flush();
            }
        }
        catch (IOException)
        {
            // The agent is gone; the other pipe says so too.
        }
    }

    /// <summary>The entry point of the process: its only argument is the directory.</summary>
    internal static int Main(string[] arguments)
    {
        if (arguments is not [string directory])
        {
            Console.Error.WriteLine(
                "This is the supervisor of Coord's child processes. Agents start it; there is nothing to do by hand.");
            return 2;
        }

        // Whoever asks a service to end signals its whole group: the leash stays until its agent is gone.
        using System.Runtime.InteropServices.PosixSignalRegistration term =
            System.Runtime.InteropServices.PosixSignalRegistration.Create(
                System.Runtime.InteropServices.PosixSignal.SIGTERM, context => context.Cancel = true);
        using System.Runtime.InteropServices.PosixSignalRegistration interrupt =
            System.Runtime.InteropServices.PosixSignalRegistration.Create(
                System.Runtime.InteropServices.PosixSignal.SIGINT, context => context.Cancel = true);
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        using LeashServer server = new(Console.In, Console.Out, directory, TimeProvider.System);
        server.Run();
        return 0;
    }
}
