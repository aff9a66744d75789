using Coord.AspNetCore.Direct;
using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;
using static Coord.AspNetCore.Tests.Harness.Http2Client;

namespace Coord.AspNetCore.Tests.Direct;

/// <summary>
/// A client that shares its connection between calls that are answered there and calls of the web server sees one
/// server that keeps to RFC 9113.
/// </summary>
public sealed class DirectConnectionTests
{
    private const string Put = "/etcdserverpb.KV/Put";
    private const string Range = "/etcdserverpb.KV/Range";

    private static readonly (string, string) Odd = ("nobody-knows", "this");

    [Fact]
    public async Task Plain_calls_are_answered_on_the_connection_and_others_by_the_web_server()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        for (int stream = 1; stream < 20; stream += 4)
        {
            await client.CallAsync(stream, Block(Put), new PutRequest { Key = Utf8("a"), Value = Utf8("1") });
            (byte[] plain, bool isPlainOfServer) = await client.ReadAnswerAsync(stream);
            await client.CallAsync(stream + 2, Block(Range, Odd), new RangeRequest { Key = Utf8("a") });
            (byte[] odd, bool isOddOfServer) = await client.ReadAnswerAsync(stream + 2);

            Assert.Equal((false, true), (isPlainOfServer, isOddOfServer));
            Assert.NotEqual(0, PutResponse.Parser.ParseFrom(plain).Header.Revision);
            Assert.Equal("1", RangeResponse.Parser.ParseFrom(odd).Kvs[0].Value.ToStringUtf8());
        }
    }

    [Fact]
    public async Task Where_the_host_has_not_asked_for_it_the_web_server_answers_all()
    {
        await using ApiServer server = await ApiServer.StartAsync(o => o.AnswerOnConnection = false);
        using Http2Client client = await OpenAsync(server);
        await client.CallAsync(1, Block(Put), new PutRequest { Key = Utf8("a") });
        Assert.True((await client.ReadAnswerAsync(1)).IsOfServer);
    }

    [Fact]
    public async Task Watches_and_puts_share_a_connection()
    {
        const int Puts = 300;
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        await watch.CreateAsync(new() { Key = Utf8("a"), RangeEnd = Utf8("b") });
        Assert.True((await watch.ReadAsync()).Created);

        Task puts = Task.WhenAll(Enumerable.Range(0, Puts).Select(i => client.PutAsync($"a{i}", new string('x', i))));
        int seen = 0;
        while (seen < Puts)
            seen += (await watch.ReadAsync()).Events.Count;
        await puts;
        Assert.Equal(Puts, (await client.RangeAsync(
            new() { Key = Utf8("a"), RangeEnd = Utf8("b"), CountOnly = true })).Count);
    }

    [Fact]
    public async Task An_answer_waits_until_the_client_has_room_for_it()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server, 0, 4, 0, 0, 0, 10); // A window of ten bytes a stream.
        PutRequest put = new() { Key = Utf8("a"), Value = Utf8(new string('x', 40_000)), PrevKv = true };
        await server.Store.PutAsync("a"u8.ToArray(), put.Value.Memory);

        await client.CallAsync(1, Block(Put), put);
        int had = 0;
        while (had < 10)
        {
            (byte type, _, int stream, byte[] payload) = await client.ReadAsync();
            had += (type, stream) == (Data, 1) ? payload.Length : 0;
        }

        Assert.Equal(10, had);
        await client.GrowAsync(1, 50_000);
        (byte[] rest, _) = await client.ReadAnswerAsync(1);
        Assert.InRange(rest.Length, 40_000 - 10, 40_100);
    }

    [Fact]
    public async Task Answers_of_both_kinds_stay_within_the_window_of_the_connection()
    {
        const int Window = 65_535, Value = 30_000, Calls = 8;
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server, 0, 4, 0x7f, 0xff, 0xff, 0xff);
        await server.Store.PutAsync("a"u8.ToArray(), new byte[Value]);
        for (int i = 0; i < Calls; i++)
        {
            byte[] block = i % 2 == 0 ? Block(Range) : Block(Range, Odd);
            await client.CallAsync((2 * i) + 1, block, new RangeRequest { Key = Utf8("a") });
        }

        int had = 0, granted = Window, ended = 0;
        while (ended < Calls)
        {
            (byte type, byte flags, _, byte[] payload) = await client.ReadAsync();
            Assert.True(type is not GoAway and not Reset);
            had += type == Data ? payload.Length : 0;
            Assert.InRange(had, 0, granted);
            ended += type is Data or Headers && (flags & EndStream) != 0 ? 1 : 0;
            if (had > granted - 5_000)
            {
                await client.GrowAsync(0, 20_000);
                granted += 20_000;
            }
        }

        Assert.InRange(had, Calls * Value, Calls * (Value + 200));
    }

    [Fact]
    public async Task A_table_of_headers_is_kept_for_clients_that_use_one()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        PutRequest put = new() { Key = Utf8("a") };
        byte[] remember = [.. Block(Put), 0x40, 1, (byte)'x', 1, (byte)'y'];
        byte[] refer = [.. Block(Put), 0x80 | 62];
        byte[] giveUp = [0x20, .. Block(Put)];
        (byte[] Block, bool IsOfServer)[] calls =
        [
            (Block(Put), false), (remember, true), (Block(Put), false), (refer, true), (giveUp, true),
            (Block(Put), false), ([.. Block(Put), 0x41, 1, (byte)'h'], false),
        ];
        for (int i = 0; i < calls.Length; i++)
        {
            await client.CallAsync((2 * i) + 1, calls[i].Block, put);
            Assert.Equal(calls[i].IsOfServer, (await client.ReadAnswerAsync((2 * i) + 1)).IsOfServer);
        }
    }

    [Fact]
    public async Task Clients_are_told_to_keep_no_table()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        (byte type, _, _, byte[] payload) = await client.ReadAsync();
        Assert.Equal(Settings, type);
        Assert.Equal([0, 1, 0, 0, 0, 0], payload[^6..]);
    }

    [Fact]
    public async Task A_call_that_is_not_whole_when_another_begins_is_left_to_the_web_server()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        byte[] body = Body(new PutRequest { Key = Utf8("a"), Value = Utf8("1") });
        await client.SendAsync(Headers, EndHeaders, 1, Block(Put));
        await client.SendAsync(Data, 0, 1, body[..7]);
        await client.SendAsync(Headers, EndHeaders, 3, Block(Put));
        await client.CallAsync(5, Block(Range, Odd), new RangeRequest { Key = Utf8("b") });
        Assert.True((await client.ReadAnswerAsync(5)).IsOfServer);

        await client.SendAsync(Data, EndStream, 3, body);
        Assert.True((await client.ReadAnswerAsync(3)).IsOfServer);
        await client.SendAsync(Data, EndStream, 1, body[7..]);
        Assert.True((await client.ReadAnswerAsync(1)).IsOfServer);
    }

    [Fact]
    public async Task A_request_in_pieces_is_answered_on_the_connection()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        byte[] body = Body(new PutRequest { Key = Utf8("a"), Value = Utf8("1") });
        await client.SendAsync(Headers, EndHeaders, 1, Block(Put));
        await client.SendAsync(Data, 0, 1, body[..7]);
        await client.SendAsync(Data, 0, 1, body[7..]);
        await client.SendAsync(Data, EndStream, 1);
        Assert.False((await client.ReadAnswerAsync(1)).IsOfServer);
    }

    [Fact]
    public async Task What_is_no_message_is_left_to_the_web_server()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        byte[][] bodies = [[], [0, 0, 0, 0, 2, 255, 255], [1, 0, 0, 0, 0], [0, 0, 0, 0, 9, 1], [0, 0, 0, 0, 0, 0]];
        for (int i = 0; i < bodies.Length; i++)
        {
            int stream = (2 * i) + 1;
            await client.SendAsync(Headers, EndHeaders, stream, Block(Put));
            await client.SendAsync(Data, EndStream, stream, bodies[i]);
            Assert.True((await client.ReadAnswerAsync(stream)).IsOfServer);
        }
    }

    [Fact]
    public async Task A_call_that_the_client_gives_up_leaves_the_connection_whole()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        for (int stream = 1; stream < 9; stream += 2)
        {
            await client.SendAsync(Headers, EndHeaders, stream, Block(Put));
            if (stream % 4 == 1)
                await client.SendAsync(Data, EndStream, stream, Body(new PutRequest { Key = Utf8("a") }));
            await client.SendAsync(Reset, 0, stream, 0, 0, 0, 8);
            await client.GrowAsync(stream, 5);
        }

        await client.CallAsync(9, Block(Range, Odd), new RangeRequest { Key = Utf8("b") });
        Assert.True((await client.ReadAnswerAsync(9)).IsOfServer);
        await client.CallAsync(11, Block(Put), new PutRequest { Key = Utf8("a") });
        Assert.False((await client.ReadAnswerAsync(11)).IsOfServer);
    }

    [Fact]
    public void No_bytes_make_the_reader_of_headers_fail()
    {
        Random random = new(11);
        byte[] sound = Block(Put, ("grpc-timeout", "5S"));
        for (int i = 0; i < 50_000; i++)
        {
            byte[] block = [.. sound];
            for (int change = random.Next(4); change >= 0; change--)
                block[random.Next(block.Length)] = (byte)random.Next(256);
            HeaderBlock.ReadPath(block.AsSpan(0, random.Next(block.Length + 1)), i % 2 == 0, out _);
        }

        Assert.Equal(Put, HeaderBlock.ReadPath(sound, false, out TimeSpan? timeout));
        Assert.Equal(5, timeout!.Value.TotalSeconds);
    }
}
