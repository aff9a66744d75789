using System.Text;
using Coord.Raft.Driver;
using Coord.Raft.Storage;
using Coord.Raft.Tests.Core;

namespace Coord.Raft.Tests.Repair;

/// <summary>
/// Members that repair one log, each from its own damage, without clock, disk or thread: a seed picks what is damaged,
/// and which message arrives next, twice or never.
/// </summary>
/// <remarks>
/// Every entry is whole somewhere. Where a term begins, somebody also knows what was before its first entry: of that,
/// an entry alone says nothing.
/// </remarks>
internal sealed class RepairModel
{
    private const int MaxSteps = 20_000;

    private readonly Random _random;
    private readonly long[] _terms;
    private readonly List<Repairer> _members = [];
    private readonly List<Message> _messages = [];
    private readonly StringBuilder _trace = new();

    public RepairModel(int seed)
    {
        _random = new Random(seed);
        _terms = new long[_random.Next(3, 15)];
        for (int i = 0; i < _terms.Length; i++)
            _terms[i] = (i == 0 ? 1 : _terms[i - 1]) + (_random.Next(4) == 0 ? 1 : 0);

        int count = _random.Next(2) == 0 ? 3 : 5;
        HashSet<int>[] missing = DrawDamage(count);
        Membership membership = Membership.CreateInitial(
            Enumerable.Range(1, count).Select(i => new Member(new NodeId((ulong)i), default, $"node{i}")));
        for (int i = 0; i < count; i++)
        {
            FragmentedLog log = RepairExchangeTests.LogOf(_terms, [.. missing[i]]);
            NodeId id = new((ulong)i + 1);
            _members.Add(new Repairer(id, log, new RepairExchange(log, new Term(_terms[^1]), membership, id)));
            _trace.AppendLine($"{id} lacks {string.Join(" ", missing[i].Order())}");
        }
    }

    /// <summary>Runs until all are whole; returns what went wrong.</summary>
    public string? Run()
    {
        for (int step = 0; step < MaxSteps; step++)
        {
            Repairer[] open = [.. _members.Where(member => !member.Log.IsWhole)];
            if (open.Length == 0)
                return _members.Select(Compare).FirstOrDefault(problem => problem is not null);

            if (_messages.Count == 0 || _random.Next(4) == 0)
            {
                Repairer asking = open[_random.Next(open.Length)];
                if (asking.Exchange.IsInVain(asking.QuietRounds++))
                    return $"{asking.Id} gives up at {asking.Log.Pieces[0].Last}.";
                _messages.AddRange(asking.Exchange.Ask());
            }
            else
            {
                Deliver();
            }
        }

        return "Somebody waits for ever.";
    }

    public override string ToString() => $"terms {string.Join(" ", _terms)}{Environment.NewLine}{_trace}";

    private HashSet<int>[] DrawDamage(int members)
    {
        while (true)
        {
            int percent = _random.Next(10, 70);
            HashSet<int>[] missing = [.. Enumerable.Range(0, members).Select(_ => new HashSet<int>(
                Enumerable.Range(1, _terms.Length).Where(_ => _random.Next(100) < percent)))];
            bool isEnoughLeft = Enumerable.Range(1, _terms.Length).All(index => missing.Any(lost =>
                !lost.Contains(index)
                && (index == 1 || _terms[index - 1] == _terms[index - 2] || !lost.Contains(index - 1))));
            if (isEnoughLeft)
                return missing;
        }
    }

    private void Deliver()
    {
        int place = _random.Next(_messages.Count);
        Message message = _messages[place];
        if (_random.Next(10) > 0)
            _messages.RemoveAt(place);
        if (_random.Next(5) == 0)
            return;

        Repairer receiver = _members.Single(member => member.Id == message.To);
        if (message.Kind is MessageKind.Repair)
        {
            _messages.Add(receiver.Log.IsWhole
                ? RepairExchangeTests.AnswerOf(receiver.Whole ??= Start(receiver), message)
                : receiver.Exchange.Answer(message));
        }
        else if (!receiver.Log.IsWhole && receiver.Exchange.Take(message))
        {
            receiver.QuietRounds = 0;
            _trace.AppendLine($"{receiver.Id} fills from {message.From} behind {message.Log}");
        }
    }

    // It knows of nothing that is committed at the end: nobody may take that for a reason to give anything up.
    private Bench Start(Repairer member) => Bench.Create(
        voters: _members.Count, id: member.Id.Value, log: _terms,
        hard: new HardState(new Term(_terms[^1]), default, new LogIndex(_random.Next(_terms.Length))));

    private string? Compare(Repairer member)
    {
        IEnumerable<EntryId> expected = Bench.Entries(0, _terms).Select(entry => entry.Id);
        return member.Log.Pieces[0].Entries.Select(entry => entry.Id).SequenceEqual(expected)
            ? null
            : $"{member.Id} has put together another log.";
    }

    private sealed record Repairer(NodeId Id, FragmentedLog Log, RepairExchange Exchange)
    {
        public int QuietRounds { get; set; }

        public Bench? Whole { get; set; }
    }
}
