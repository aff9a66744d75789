using Coord.Raft.Core;

namespace Coord.Raft.Tests.Conformance;

/// <summary>A core with its storage and state machine, which do their work only when a case says so.</summary>
internal sealed class InteractionNode(InteractionCluster cluster, RaftCore core, bool asyncStorage)
{
    public RaftCore Core { get; } = core;

    public ulong Id => Core.Id.Value;

    public bool AsyncStorage { get; } = asyncStorage;

    /// <summary>Gets the append groups in progress: what was asked, and what is delivered when it is done.</summary>
    public Queue<StorageWork> AppendWork { get; } = [];

    public Queue<StorageWork> ApplyWork { get; } = [];

    /// <summary>Handles one Ready and returns its description.</summary>
    public string ProcessReady() => AsyncStorage ? ProcessReadyAsynchronous() : ProcessReadySynchronous();

    /// <summary>Does the oldest work of a queue; what it answers goes through the network.</summary>
    public string Process(Queue<StorageWork> queue)
    {
        StorageWork work = queue.Dequeue();
        work.Run();
        foreach (Envelope response in work.Responses)
            cluster.Network.Add(response);
        return $"Processing:\n{work.Request}\nResponses:" +
            string.Concat(work.Responses.Select(response => $"\n{response.Text}"));
    }

    private string ProcessReadySynchronous()
    {
        ReadyCopy ready = new(Core.TakeReady());
        // In the published synchronous mode an append is durable at once, so what it allows comes with it: committed
        // entries are listed in the same Ready as the append that made them durable here.
        Core.OnAppended(ready.AppendAck);
        ReadyCopy applied = new(Core.TakeReady());
        Assert.True(applied.HoldsOnlyCommittedEntries, "An append that became durable commits nothing by itself.");
        Entry[] committed = [.. ready.CommittedEntries, .. applied.CommittedEntries];
        string text = Describe(ready, committed, [
            .. ready.Messages.Select(Text),
            .. ready.MessagesAfterAppend.Where(message => message.To != Core.Id).Select(Text),
        ]);

        Apply(committed);
        foreach (Message message in ready.Messages.Concat(ready.MessagesAfterAppend))
        {
            if (message.To != Core.Id)
                cluster.Send(message);
        }

        foreach (Message message in ready.MessagesAfterAppend.Where(message => message.To == Core.Id))
            Core.Step(message);
        OnApplied(committed);
        return text;
    }

    private string ProcessReadyAsynchronous()
    {
        ReadyCopy ready = new(Core.TakeReady());
        List<string> messages = [.. ready.Messages.Select(Text)];
        foreach (Message message in ready.Messages)
            cluster.Send(message);
        if (ready.HasAppend)
            messages.Add(StartAppend(ready));
        if (ready.CommittedEntries.Length > 0)
            messages.Add(StartApply(ready.CommittedEntries));
        return Describe(ready, ready.CommittedEntries, messages);
    }

    private string StartAppend(ReadyCopy ready)
    {
        HardState hard = ready.HardState ?? default;
        string request = $"{Id}->AppendThread MsgStorageAppend Term:{hard.Term.Value} Log:0/0" +
            (hard.Commit.IsZero ? "" : $" Commit:{hard.Commit}") +
            (hard.Vote.IsNone ? "" : $" Vote:{hard.Vote.Value}") +
            PublishedText.Entries(ready.Entries, cluster.OlderChanges) +
            (ready.Snapshot is null ? "" : $"\n  Snapshot: {PublishedText.Snapshot(ready.Snapshot)}");
        List<Envelope> responses = [.. ready.MessagesAfterAppend.Select(cluster.Wrap)];
        if (!ready.AppendAck.IsEmpty)
        {
            EntryId last = ready.AppendAck.Last;
            responses.Add(new Envelope(
                Core.Id,
                $"AppendThread->{Id} MsgStorageAppendResp Term:{ready.AppendAck.Term.Value} " +
                $"Log:{last.Term.Value}/{last.Index}",
                node => node.Core.OnAppended(ready.AppendAck)));
        }

        AppendWork.Enqueue(new StorageWork(request, responses, () => { }));
        return WithResponses(request, responses);
    }

    private string StartApply(Entry[] entries)
    {
        string list = PublishedText.Entries(entries, cluster.OlderChanges);
        string request = $"{Id}->ApplyThread MsgStorageApply Term:0 Log:0/0{list}";
        Envelope response = new(
            Core.Id,
            $"ApplyThread->{Id} MsgStorageApplyResp Term:0 Log:0/0{list}",
            node => node.OnApplied(entries));
        ApplyWork.Enqueue(new StorageWork(request, [response], () => Apply(entries)));
        return WithResponses(request, [response]);
    }

    private static string WithResponses(string request, List<Envelope> responses) =>
        responses.Count == 0
            ? request
            : $"{request} Responses:[" +
                string.Concat(responses.Select(response => $"\n  {response.Text}")) + "\n]";

    private void Apply(Entry[] entries)
    {
        foreach (Entry entry in entries.Where(entry => entry.Kind is EntryKind.Membership))
            Core.ApplyMembership(entry);
    }

    private void OnApplied(Entry[] entries)
    {
        if (entries.Length == 0)
            return;
        Core.OnApplied(entries[^1].Index);
        // The published state machine can be snapshotted at whatever it has applied.
        Core.OnSnapshotSaved(new SnapshotMetadata(entries[^1].Id, Core.Membership));
    }

    private string Text(Message message) => PublishedText.Message(message, cluster.OlderChanges);

    private string Describe(ReadyCopy ready, Entry[] committed, List<string> messages)
    {
        List<string> lines = [];
        if (ready.SoftState is { } soft)
            lines.Add(PublishedText.SoftState(soft.Leader, soft.Role));
        if (ready.HardState is { } hard)
            lines.Add($"HardState {PublishedText.Hard(hard)}");
        AddList("Entries:", ready.Entries);
        if (ready.Snapshot is not null)
            lines.Add($"Snapshot {PublishedText.Snapshot(ready.Snapshot)}");
        AddList("CommittedEntries:", committed);
        if (messages.Count > 0)
            lines.AddRange(["Messages:", .. messages]);
        if (lines.Count == 0)
            return "<empty Ready>";
        // The published library leaves it to its host to sync a snapshot.
        bool mustSync = ready.MustSync && (ready.Snapshot is null || ready.Entries.Length > 0);
        return $"Ready MustSync={(mustSync ? "true" : "false")}:\n{string.Join('\n', lines)}";

        void AddList(string title, Entry[] entries)
        {
            if (entries.Length == 0)
                return;
            lines.Add(title);
            lines.AddRange(entries.Select(entry => PublishedText.Entry(entry, cluster.OlderChanges)));
        }
    }
}
