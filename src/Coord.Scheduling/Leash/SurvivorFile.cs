using System.Globalization;

namespace Coord.Scheduling.Leash;

/// <summary>
/// The process groups of a leash's children, on disk: what a leash that was killed leaves is ended by the next one.
/// </summary>
/// <remarks>
/// A line for each: process id and start time, which tells a process from a later one with the same id. Written before
/// an agent hears of the start. The leash's first thread alone uses it.
/// </remarks>
internal sealed class SurvivorFile(string path)
{
    private readonly Dictionary<int, long> _groups = [];

    /// <summary>Ends by force all groups that the file has, and waits until they are gone.</summary>
    public void EndAll()
    {
        if (!File.Exists(path))
            return;

        List<int> alive = [];
        foreach (string line in File.ReadAllLines(path))
        {
            string[] parts = line.Split(' ');
            if (parts.Length == 2
                && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long startedAt)
                && (ProcessTable.StartTime(pid) is not { } now || now == startedAt))
            {
                alive.Add(pid);
            }
        }

        foreach (int pid in alive)
            NativeProcess.SignalGroup(pid, NativeProcess.Sigkill);
        foreach (int pid in alive)
            SpinWait.SpinUntil(() => !ProcessTable.IsGroupRunning(pid));
        File.Delete(path);
    }

    /// <summary>Adds a group.</summary>
    public void Add(int pid)
    {
        _groups[pid] = ProcessTable.StartTime(pid) ?? 0;
        Save();
    }

    /// <summary>Removes a group, nothing of which is left.</summary>
    public void Remove(int pid)
    {
        if (_groups.Remove(pid))
            Save();
    }

    private void Save()
    {
        // A crash of the machine ends the children too: what matters survives in the page cache.
        string next = path + ".new";
        File.WriteAllLines(next, _groups.Select(group =>
            string.Create(CultureInfo.InvariantCulture, $"{group.Key} {group.Value}")));
        File.Move(next, path, overwrite: true);
    }
}
