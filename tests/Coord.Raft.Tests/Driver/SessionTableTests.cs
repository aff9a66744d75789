using System.Buffers;
using System.Text;
using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>Thesis §6.3: a command that is sent twice is applied once and answered twice.</summary>
public sealed class SessionTableTests
{
    private readonly ListStateMachine _machine = new();
    private readonly SessionTable _table = new(maxSessions: 3);
    private long _index = 10;

    [Fact]
    public void A_repeated_command_is_answered_from_memory_and_not_applied()
    {
        ulong session = Open();
        Assert.True(Apply(_table, session, 1, 1, "a", out ApplyResult first));
        Assert.True(Apply(_table, session, 2, 1, "b", out _));

        Assert.True(Apply(_table, session, 1, 1, "a", out ApplyResult again));

        Assert.Equal(["a", "b"], _machine.Commands);
        Assert.Equal(first.Value, again.Value);
        Assert.Equal("a", Encoding.UTF8.GetString(again.Payload.Span));
    }

    [Fact]
    public void A_command_whose_answer_was_given_up_is_not_applied_again()
    {
        ulong session = Open();
        Apply(_table, session, 1, 1, "a", out _);
        Apply(_table, session, 2, 2, "b", out _);

        Assert.False(Apply(_table, session, 1, 1, "a", out _));
        Assert.Equal(["a", "b"], _machine.Commands);
    }

    [Fact]
    public void Numbers_that_leap_to_their_end_cost_no_counting()
    {
        ulong session = Open();
        Apply(_table, session, 1, 1, "a", out _);
        Apply(_table, session, ulong.MaxValue - 1, 1, "b", out _);
        Assert.True(Apply(_table, session, ulong.MaxValue, ulong.MaxValue - 1, "c", out _));

        Assert.False(Apply(_table, session, 1, ulong.MaxValue - 1, "a", out _));
        Assert.True(Apply(_table, session, ulong.MaxValue - 1, ulong.MaxValue - 1, "b", out _));

        ArrayBufferWriter<byte> bytes = new();
        _table.Write(bytes);
        SessionTable restored = new(maxSessions: 1);
        restored.Read(bytes.WrittenSpan);
        Assert.True(Apply(restored, session, ulong.MaxValue - 1, ulong.MaxValue - 1, "b", out _));
        Assert.Equal(["a", "b", "c"], _machine.Commands);
    }

    [Fact]
    public void A_bound_that_was_lowered_holds_from_the_next_session_on()
    {
        Open();
        Open();
        Open();
        ArrayBufferWriter<byte> bytes = new();
        _table.Write(bytes);
        SessionTable restored = new(maxSessions: 2);
        restored.Read(bytes.WrittenSpan);

        restored.Open(new LogIndex(100), []);

        Assert.Equal(2, restored.Count);
    }

    [Fact]
    public void An_unknown_session_applies_nothing()
    {
        Assert.False(Apply(_table, 99, 1, 1, "a", out _));
        Assert.Empty(_machine.Commands);
    }

    [Fact]
    public void A_payload_without_a_header_applies_nothing()
    {
        AppliedCommand entry = new(new EntryId(new Term(1), new LogIndex(1)), new byte[SessionTable.HeaderBytes - 1]);
        Assert.False(_table.TryApply(entry, _machine, out _));
    }

    [Fact]
    public void The_session_unused_for_longest_is_forgotten_first()
    {
        ulong first = Open();
        ulong second = Open();
        ulong third = Open();
        Apply(_table, first, 1, 1, "keeps it alive", out _);

        Open();

        Assert.Equal(3, _table.Count);
        Assert.True(Apply(_table, first, 2, 1, "a", out _));
        Assert.False(Apply(_table, second, 1, 1, "b", out _));
        Assert.True(Apply(_table, third, 1, 1, "c", out _));
    }

    [Fact]
    public void A_closed_session_is_forgotten()
    {
        ulong session = Open();
        byte[] payload = new byte[SessionTable.HeaderBytes];
        SessionTable.WriteHeader(payload, new(session, 0, 0));

        _table.Close(payload);
        _table.Close(payload);

        Assert.False(Apply(_table, session, 1, 1, "a", out _));
    }

    [Fact]
    public void A_session_with_too_many_unread_answers_is_refused()
    {
        ulong session = Open();
        for (ulong sequence = 1; sequence <= SessionTable.MaxUnreadAnswers; sequence++)
            Assert.True(Apply(_table, session, sequence, 1, "a", out _));

        Assert.False(Apply(_table, session, SessionTable.MaxUnreadAnswers + 1, 1, "one more", out _));
        Assert.True(Apply(_table, session, SessionTable.MaxUnreadAnswers + 1, 2, "one read", out _));
    }

    [Fact]
    public void Answers_that_take_too_much_room_cost_the_sessions_unused_for_longest()
    {
        SessionTable table = new(maxSessions: 3, maxAnswerBytes: 1000);
        ulong first = (ulong)table.Open(new LogIndex(1), []).Value;
        ulong second = (ulong)table.Open(new LogIndex(2), []).Value;
        string large = new('x', 400);
        Assert.True(Apply(table, first, 1, 1, large, out _));
        Assert.True(Apply(table, second, 1, 1, large, out _));
        Assert.Equal(2, table.Count);

        Assert.True(Apply(table, second, 2, 1, large, out _));

        Assert.InRange(table.AnswerBytes, 800, 1000);
        Assert.False(Apply(table, first, 1, 1, large, out _));
        Assert.True(Apply(table, second, 1, 1, large, out ApplyResult again));
        Assert.Equal(large, Encoding.UTF8.GetString(again.Payload.Span));
        Assert.Equal(3, _machine.Commands.Count);

        // What alone is too much is answered once, and is expired for whoever asks again: never done twice.
        string huge = new('y', 2000);
        Assert.True(Apply(table, second, 3, 3, huge, out ApplyResult answer));
        Assert.Equal(huge, Encoding.UTF8.GetString(answer.Payload.Span));
        Assert.Equal((0, 0L), (table.Count, table.AnswerBytes));
        Assert.False(Apply(table, second, 3, 3, huge, out _));
        Assert.Equal(4, _machine.Commands.Count);
    }

    [Fact]
    public void Answers_are_counted_until_they_are_read_and_also_from_a_snapshot()
    {
        ulong session = Open();
        for (ulong sequence = 1; sequence <= 10; sequence++)
            Apply(_table, session, sequence, 1, "four", out _);
        long all = _table.AnswerBytes;
        ArrayBufferWriter<byte> written = new();
        _table.Write(written);
        SessionTable restored = new(maxSessions: 3);
        restored.Read(written.WrittenSpan);
        Assert.Equal(all, restored.AnswerBytes);

        Apply(restored, session, 11, 11, "four", out _);
        Assert.Equal(all / 10, restored.AnswerBytes);
        Apply(restored, session, 12, ulong.MaxValue, "four", out _);
        Assert.Equal(0, restored.AnswerBytes);
    }

    [Fact]
    public void A_session_has_the_number_it_brings_or_the_next_that_is_free()
    {
        byte[] number = [7, 0, 0, 0, 0, 0, 0, 0x80];
        const ulong Id = 0x8000_0000_0000_0007;
        Assert.Equal(Id, (ulong)_table.Open(new LogIndex(5), number).Value);
        Assert.Equal(Id + 1, (ulong)_table.Open(new LogIndex(6), number).Value);
        Assert.Equal(9, _table.Open(new LogIndex(9), new byte[8]).Value);
        Assert.True(Apply(_table, Id, 1, 1, "a", out _));
        Assert.False(Apply(_table, 5, 1, 1, "a", out _));
    }

    [Fact]
    public void A_snapshot_restores_sessions_answers_and_their_order()
    {
        ulong first = Open();
        ulong second = Open();
        Apply(_table, second, 1, 1, "b", out _);
        Apply(_table, first, 1, 1, "a", out _);
        ArrayBufferWriter<byte> written = new();
        _table.Write(written);

        SessionTable restored = new(maxSessions: 3);
        restored.Read(written.WrittenSpan);
        ArrayBufferWriter<byte> again = new();
        restored.Write(again);

        Assert.Equal(written.WrittenMemory.ToArray(), again.WrittenMemory.ToArray());
        Assert.True(Apply(restored, first, 1, 1, "a", out ApplyResult answer));
        Assert.Equal("a", Encoding.UTF8.GetString(answer.Payload.Span));
        Assert.Equal(["b", "a"], _machine.Commands);
    }

    [Fact]
    public void A_table_that_ends_early_is_refused_at_every_length()
    {
        Apply(_table, Open(), 1, 1, "a", out _);
        ArrayBufferWriter<byte> written = new();
        _table.Write(written);

        for (int length = 0; length < written.WrittenCount; length++)
        {
            byte[] cut = written.WrittenSpan[..length].ToArray();
            Assert.Throws<InvalidDataException>(() => new SessionTable(3).Read(cut));
        }
    }

    private ulong Open() => (ulong)_table.Open(new LogIndex(_index++), []).Value;

    private bool Apply(
        SessionTable table, ulong session, ulong sequence, ulong lowestUnread, string command, out ApplyResult result)
    {
        byte[] payload = [.. new byte[SessionTable.HeaderBytes], .. Encoding.UTF8.GetBytes(command)];
        SessionTable.WriteHeader(payload, new(session, sequence, lowestUnread));
        return table.TryApply(
            new AppliedCommand(new EntryId(new Term(1), new LogIndex(_index++)), payload), _machine, out result);
    }
}
