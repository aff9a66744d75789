using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Coord.Scheduling.Leash;

namespace Coord.Scheduling.Runners;

/// <summary>An agent's end of its leash. Thread-safe.</summary>
/// <remarks>
/// When the leash dies its children are killed from here, by the process ids that it told, and all of them have ended.
/// </remarks>
internal sealed class LeashClient : IDisposable
{
    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<long, LeashedProcess> _children = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastId;

    private LeashClient(Process process)
    {
        _process = process;
        new Thread(Read) { IsBackground = true, Name = "coord leash" }.Start();
    }

    /// <summary>Gets a task that ends when no child of an earlier leash is left; faulted if the leash died.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Gets a value indicating whether the leash is gone, and all its children with it.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Starts a leash.</summary>
    /// <exception cref="UnitStartException">It cannot be started here; the message says why.</exception>
    public static LeashClient Start(string directory)
    {
        ProcessStartInfo start = LeashProgram.StartInfo(directory);
        try
        {
            return new(Process.Start(start)!);
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or IOException)
        {
            throw new UnitStartException($"The supervisor of child processes cannot be started: {failure.Message}");
        }
    }

    /// <summary>Gives children until another moment.</summary>
    public void SetDeadline(long termAt, long killAt) =>
        Send(new(LeashRequestKind.Deadline, TermAt: termAt, KillAt: killAt));

    /// <summary>Starts a child. Its <see cref="LeashedProcess.Started"/> tells whether it could be.</summary>
    public LeashedProcess StartChild(string[] arguments, string[] environment, string? directory, Action<string> output)
    {
        long id = Interlocked.Increment(ref _lastId);
        LeashedProcess child = new(this, id, output);
        _children[id] = child;
        if (!Send(new(LeashRequestKind.Start, id, arguments, environment, directory)))
            Forget(id, new(LeashEventKind.Failed, id, Text: "The supervisor of child processes is gone."));
        return child;
    }

    /// <summary>Asks for a signal. A child that has ended meanwhile is no error.</summary>
    public void Signal(long id, LeashRequestKind kind) => Send(new(kind, id));

    /// <summary>Ends the leash and with it all children.</summary>
    public void Dispose()
    {
        lock (_lock)
            _process.StandardInput.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }

    private bool Send(LeashRequest request)
    {
        lock (_lock)
        {
            try
            {
                _process.StandardInput.WriteLine(LeashJson.Write(request));
                _process.StandardInput.Flush();
                return true;
            }
            catch (Exception gone) when (gone is IOException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    private void Read()
    {
        try
        {
            while (_process.StandardOutput.ReadLine() is { } line)
                On(JsonSerializer.Deserialize(line, LeashJson.Default.LeashEvent)!);
        }
        catch (Exception broken) when (broken is IOException or JsonException or ObjectDisposedException)
        {
            // As if it had ended.
        }

        IsGone = true;
        _ready.TrySetException(new UnitStartException("The supervisor of child processes has ended."));
        foreach ((long id, LeashedProcess child) in _children)
        {
            NativeProcess.SignalGroup(child.Pid, NativeProcess.Sigkill);
            SpinWait.SpinUntil(() => child.Pid == 0 || !ProcessTable.IsGroupRunning(child.Pid));
            Forget(id, new(LeashEventKind.Failed, id, Text: "The supervisor of child processes has ended."));
        }
    }

    private void On(LeashEvent happened)
    {
        if (happened.Kind is LeashEventKind.Ready)
            _ready.TrySetResult();
        else if (happened.Kind is LeashEventKind.Ended or LeashEventKind.Failed)
            Forget(happened.Id, happened);
        else if (_children.TryGetValue(happened.Id, out LeashedProcess? child))
            child.On(happened);
    }

    private void Forget(long id, LeashEvent last)
    {
        if (_children.TryRemove(id, out LeashedProcess? child))
            child.On(last);
    }
}
