using System.Buffers.Binary;
using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;
using static Coord.AspNetCore.Tests.Harness.Http2Client;

namespace Coord.AspNetCore.Tests.Direct;

/// <summary>What a connection that answers calls keeps for a while, and how it hands that over.</summary>
public sealed class DirectBoundsTests
{
    private const string Put = "/etcdserverpb.KV/Put";
    private const string Range = "/etcdserverpb.KV/Range";
    private const int Piece = 16 * 1024;

    private static readonly (string, string) Odd = ("nobody-knows", "this");

    [Fact]
    public async Task A_call_with_a_timeout_is_not_left_to_the_web_server_within_another_frame()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        ByteString value = Utf8(new string('x', 10_000));
        byte[] odd = Frame(Data, EndStream, 1, Body(new PutRequest { Key = Utf8("a"), Value = value }));
        await client.SendAsync(Headers, EndHeaders, 1, Block(Put, Odd));
        await client.SendAsync((byte[])
        [
            .. Frame(Headers, EndHeaders, 3, Block(Put, ("grpc-timeout", "20S"))),
            .. Frame(Ping, 0, 0, new byte[8]),
            .. odd[..5_000],
        ]);
        await client.ReadUntilAsync(frame => frame.Type == Ping);
        await client.SendAsync(odd.AsMemory(5_000));
        Assert.True((await client.ReadAnswerAsync(1)).IsOfServer);
        using EtcdClient other = new(server);
        Assert.Equal(value, (await other.RangeAsync(new() { Key = Utf8("a") })).Kvs[0].Value);

        await client.SendAsync(Data, EndStream, 3, Body(new PutRequest { Key = Utf8("b") }));
        await client.ReadAnswerAsync(3);
    }

    [Fact]
    public async Task The_room_that_a_client_gives_to_a_call_goes_with_the_call_to_the_web_server()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server, 0, 4, 0, 0, 0, 10);
        await server.Store.PutAsync("a"u8.ToArray(), new byte[40_000]);
        await client.SendAsync(Headers, EndHeaders, 1, Block(Range));
        await client.GrowAsync(1, 50_000);
        await client.SendAsync(Headers, EndHeaders, 3, Block(Range, Odd));
        await client.SendAsync(Data, EndStream, 1, Body(new RangeRequest { Key = Utf8("a") }));
        (byte[] answer, bool isOfServer) = await client.ReadAnswerAsync(1);
        Assert.True(isOfServer);
        Assert.InRange(answer.Length, 40_000, 40_100);
    }

    [Fact]
    public async Task What_came_of_a_call_that_the_client_gave_up_may_be_sent_again()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        await client.SendAsync(Headers, EndHeaders, 1, Block(Put));
        await client.SendAsync(Data, 0, 1, new byte[Piece]);
        await client.SendAsync(Reset, 0, 1, 0, 0, 0, 8);
        await client.ReadUntilAsync(frame => GrowthOf(frame) == Piece);
    }

    [Fact]
    public async Task Calls_that_are_not_whole_do_not_use_up_what_a_client_may_send()
    {
        const int Calls = 63;
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server);
        byte[] body = Body(new PutRequest { Key = Utf8("a"), Value = Utf8(new string('x', 40_000)) });
        int room = 65_535;
        for (int i = 0; i < 2; i++)
        {
            for (int stream = 1; stream < 2 * Calls; stream += 2)
            {
                await client.ReadUntilAsync(frame => (room += GrowthOf(frame)) >= Piece, isNeeded: room < Piece);
                if (i == 0)
                    await client.SendAsync(Headers, EndHeaders, stream, Block(Put));
                await client.SendAsync(Data, 0, stream, body[(i * Piece)..((i + 1) * Piece)]);
                room -= Piece;
            }
        }
    }

    [Fact]
    public async Task Answers_for_a_client_that_does_not_read_do_not_pile_up()
    {
        const int Calls = 2_000;
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server, 0, 4, 0x7f, 0xff, 0xff, 0xff);
        await client.GrowAsync(0, int.MaxValue - 70_000);
        await server.Store.PutAsync("a"u8.ToArray(), new byte[15_000]);
        RangeRequest range = new() { Key = Utf8("a"), Serializable = true };
        for (int i = 0; i < Calls; i++)
            await client.CallAsync((2 * i) + 1, Block(Range), range);

        int ended = 0, ofServer = 0;
        while (ended < Calls)
        {
            (byte type, byte flags, _, byte[] payload) = await client.ReadAsync();
            Assert.True(type is not GoAway and not Reset);
            ended += type is Data or Headers && (flags & EndStream) != 0 ? 1 : 0;
            ofServer += type is Headers && IsOfServer(payload) && (flags & EndStream) == 0 ? 1 : 0;
        }

        Assert.NotEqual(0, ofServer);
    }

    [Fact]
    public async Task A_client_that_makes_the_table_of_answers_smaller_hears_so_from_the_web_server()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using Http2Client client = await OpenAsync(server, 0, 1, 0, 0, 0, 0);
        for (int stream = 1; stream < 6; stream += 2)
        {
            await client.CallAsync(stream, Block(Put), new PutRequest { Key = Utf8("a") });
            Assert.True((await client.ReadAnswerAsync(stream)).IsOfServer);
        }
    }

    private static int GrowthOf((byte Type, byte Flags, int Stream, byte[] Payload) frame) =>
        frame is { Type: WindowUpdate, Stream: 0 } ? BinaryPrimitives.ReadInt32BigEndian(frame.Payload) : 0;
}
