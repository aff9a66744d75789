using System.Buffers;
using Coord.Kv.Commands;
using Coord.Kv.Mvcc;
using Coord.Kv.Mvcc.Native;
using Coord.Raft;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests;

/// <summary>Commands survive the log as they are; whatever else is in it is refused by every member alike.</summary>
public sealed class CommandCodecTests
{
    [Property]
    public void A_put_survives(NonEmptyArray<byte> key, byte[] value, bool previous, NonNegativeInt quota)
    {
        PutFlags flags = previous ? PutFlags.ReturnPrevious : PutFlags.KeepLease;
        Command command = Command.Put(key.Get, value, flags, new(quota.Get * 1_000_000L, quota.Get, 9), quota.Get);
        AssertSurvives(command);
    }

    [Property]
    public void A_deletion_survives(NonEmptyArray<byte> key, byte[] end, bool previous) =>
        AssertSurvives(Command.Delete(new KeyRange(key.Get, end), previous, new(0, long.MaxValue)));

    [Property]
    public void A_compaction_survives(DoNotSize<long> revision) => AssertSurvives(Command.Compact(revision.Item));

    [Fact]
    public void The_bytes_of_version_2_stay_as_they_are()
    {
        Command put = Command.Put("a"u8.ToArray(), "b"u8.ToArray(), PutFlags.ReturnPrevious, new(0, 1000, 3), 5);
        Assert.Equal("99020100cd03e803c40161c401620105", Hex(put));
        Assert.Equal("9802020a0000c40161c40000", Hex(Command.Delete(KeyRange.Single("a"), false, new(10, 0))));
        Assert.Equal("93020309", Hex(Command.Compact(9)));
        Assert.Equal("9702050000000509", Hex(Command.GrantLease(5, 9, default)));
    }

    [Fact]
    public void Quick_is_what_touches_no_more_keys_than_it_names()
    {
        Assert.True(IsQuick(Command.Put("a"u8.ToArray(), "b"u8.ToArray(), PutFlags.ReturnPrevious, new(0, 1000), 5)));
        Assert.True(IsQuick(Command.GrantLease(5, 9, default)));
        Assert.False(IsQuick(Command.Delete(KeyRange.All, false, new(10, 0))));
        Assert.False(IsQuick(Command.Compact(9)));
        Assert.False(CommandCodec.IsQuick(ReadOnlyMemory<byte>.Empty, 0));
        Assert.False(CommandCodec.IsQuick("~~"u8.ToArray(), 0));

        static bool IsQuick(Command command) => CommandCodec.IsQuick(Encode(command), 0);
    }

    [Fact]
    public void A_write_is_not_quick_near_the_quota_where_it_may_count_a_whole_compaction()
    {
        TestStore store = new(new() { QuotaBytes = 0, RetainedRevisions = 0 });
        store.Put("a", new string('v', 1000));
        long used = store.Machine.Status.UsedBytes;

        foreach (long quota in (long[])[0, used * 2])
        {
            Assert.True(IsQuick(Command.Put("a"u8.ToArray(), default, PutFlags.None, new(quota, 0))));
            Assert.True(IsQuick(Command.GrantLease(5, 9, new(quota, 0))));
        }

        Assert.False(IsQuick(Command.Put("a"u8.ToArray(), default, PutFlags.None, new(used + 1, 0))));
        Assert.False(IsQuick(Command.GrantLease(5, 9, new(used + 1, 0))));

        bool IsQuick(Command command) => store.Machine.IsQuick(new(EntryId.Zero, Encode(command)));
    }

    [Fact]
    public void Commands_of_version_1_are_still_read()
    {
        Command put = Command.Put("a"u8.ToArray(), "b"u8.ToArray(), PutFlags.ReturnPrevious, new(0, 1000));
        AssertReads(put, "970101c40161c40162c300cd03e8");
        AssertReads(Command.Delete(KeyRange.Single("a"), false, new(10, 0)), "970102c40161c400c20a00");
        AssertReads(Command.Compact(9), "93010309");
    }

    [Property(MaxTest = 2000)]
    public void Random_bytes_are_refused_or_read_but_never_break_the_store(byte[] bytes) => AssertHarmless(bytes);

    [Property(MaxTest = 300)]
    public void Damaged_commands_are_refused_or_read_but_never_break_the_store(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        byte[] bytes = Encode(random.Next(3) switch
        {
            0 => Command.Put(TestStore.Bytes("key"), TestStore.Bytes("value"), PutFlags.All, new(1 << 30, 1000)),
            1 => Command.Delete(KeyRange.Prefix("key"), false, new(1 << 30, 1000)),
            _ => Command.Compact(1),
        });
        for (int i = 0; i <= bytes.Length; i++)
            AssertHarmless(bytes[..i]);
        for (int i = 0; i < 50; i++)
        {
            byte[] damaged = [.. bytes];
            for (int j = random.Next(1, 4); j > 0; j--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            AssertHarmless(damaged);
        }

        AssertHarmless([.. bytes, 0]);
    }

    /// <summary>
    /// The lengths of MessagePack can claim four gigabytes; nothing is allocated for what is not there.
    /// </summary>
    [Theory]
    [InlineData("970101c6ffffffff")]
    [InlineData("ddffffffff")]
    [InlineData("dd7fffffff01010101")]
    [InlineData("970101dbffffffff")]
    public void A_length_that_lies_is_refused(string hex) =>
        Assert.Equal(CommandStatus.Malformed, Apply(Convert.FromHexString(hex)).Status);

    [Fact]
    public void A_command_of_a_newer_version_stops_the_member()
    {
        InvalidDataException stop = Assert.Throws<InvalidDataException>(
            () => CommandCodec.TryRead(Convert.FromHexString("930303c409"), out _));
        Assert.Contains("version 3", stop.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_follows_a_command_makes_it_malformed() => Assert.Equal(
        CommandStatus.Malformed, Apply([.. Encode(Command.Delete(KeyRange.All, false, default)), 0]).Status);

    [Fact]
    public void An_empty_key_is_malformed() => Assert.Equal(
        CommandStatus.Malformed, Apply(Encode(Command.Put(default, "v"u8.ToArray(), default, default))).Status);

    [Property(MaxTest = 1000)]
    public void Random_bytes_as_a_result_are_refused_cleanly(byte[] bytes)
    {
        try
        {
            _ = ResultCodec.Read(bytes);
        }
        catch (InvalidDataException)
        {
        }
    }

    [Fact]
    public void A_result_survives_with_its_versions()
    {
        using MvccStore store = new(StoreLayout.Default);
        KeyVersion first = store.Put("a"u8, "1"u8);
        KeyVersion second = store.Put("b"u8, ""u8);
        ArrayBufferWriter<byte> bytes = new();
        ResultCodec.Write(bytes, CommandStatus.Done, 2, [first, second]);
        CommandResult result = ResultCodec.Read(bytes.WrittenMemory);
        Assert.Equal((CommandStatus.Done, 2), (result.Status, result.Number));
        Assert.Equal([first.ToKeyValue(), second.ToKeyValue()], result.Previous);
    }

    private static void AssertSurvives(Command command) => AssertReads(command, Hex(command));

    private static void AssertReads(Command command, string hex)
    {
        Assert.True(CommandCodec.TryRead(Convert.FromHexString(hex), out Command read));
        Assert.Equal(command with { Key = default, Value = default }, read with { Key = default, Value = default });
        Assert.Equal(command.Key.ToArray(), read.Key.ToArray());
        Assert.Equal(command.Value.ToArray(), read.Value.ToArray());
    }

    private static void AssertHarmless(byte[] bytes)
    {
        try
        {
            CommandResult result = Apply(bytes);
            Assert.True(Enum.IsDefined(result.Status));
        }
        catch (InvalidDataException e)
        {
            Assert.Contains("Upgrade it", e.Message, StringComparison.Ordinal);
        }
    }

    private static CommandResult Apply(byte[] bytes)
    {
        TestStore store = new();
        return ResultCodec.Read(store.Machine.Apply(new(EntryId.Zero, bytes)).Payload.ToArray());
    }

    private static string Hex(Command command) => Convert.ToHexStringLower(Encode(command));

    private static byte[] Encode(Command command)
    {
        ArrayBufferWriter<byte> bytes = new();
        CommandCodec.Write(bytes, command);
        return bytes.WrittenSpan.ToArray();
    }
}
