using System.Buffers;
using System.Text;
using Coord.AspNetCore.Gateway;
using Coord.Protocol.Etcd;
using Google.Protobuf;

namespace Coord.AspNetCore.Tests.Gateway;

/// <summary>JSON and messages stand for each other, and nothing that is no message becomes one.</summary>
public sealed class CodecTests
{
    [Fact]
    public void A_message_comes_back_from_its_own_JSON()
    {
        TxnRequest inner = new();
        inner.Failure.Add(new RequestOp { RequestDeleteRange = new() { Key = Utf8("k"), PrevKv = true } });
        TxnRequest message = new();
        message.Compare.Add(new Compare
        {
            Key = Utf8("\0\xff"),
            RangeEnd = ByteString.CopyFrom(0xff, 0x00, 0xfe),
            Result = Compare.Types.CompareResult.NotEqual,
            Target = Compare.Types.CompareTarget.Lease,
            Lease = long.MinValue,
        });
        message.Compare.Add(new Compare { Key = Utf8("zero"), Version = 0 });
        message.Compare.Add(new Compare { Value = ByteString.Empty });
        PutRequest put = new() { Key = Utf8(new string('k', 5000)), Lease = 7 };
        message.Success.Add(new RequestOp { RequestPut = put });
        message.Success.Add(new RequestOp { RequestTxn = inner });
        message.Success.Add(new RequestOp());
        Assert.Equal(message, Parse(TxnRequest.Parser, Json(message)));

        MemberListResponse members = new() { Header = new ResponseHeader { MemberId = ulong.MaxValue } };
        const string Name = "<\u2028\"\\\n\u0001\u00e9\ud83d\ude00>";
        members.Members.Add(new Member { Name = Name, PeerURLs = { "a", "", "b" } });
        members.Members.Add(new Member());
        Assert.Equal(members, Parse(MemberListResponse.Parser, Json(members)));
    }

    [Fact]
    public void Defaults_are_left_out_and_names_are_the_protocols()
    {
        StatusResponse status = new() { Header = new(), DbSize = 5, IsLearner = true, Errors = { "<e>" } };
        Assert.Equal(
            """{"header":{},"dbSize":"5","errors":["\u003ce\u003e"],"isLearner":true}""", Json(status));
        Assert.Equal("""{"hash":4294967295}""", Json(new HashResponse { Hash = uint.MaxValue }));
        Assert.Equal("{}", Json(new AlarmMember { Alarm = AlarmType.None }));
        Assert.Equal("""{"alarm":9}""", Json(new AlarmMember { Alarm = (AlarmType)9 }));
    }

    [Fact]
    public void The_last_of_several_values_of_a_name_counts()
    {
        TxnRequest message = Parse(
            TxnRequest.Parser,
            """{"success":[{},{}],"compare":[{"key":"YQ=="}],"success":[{"request_txn":{}}],"compare":[]}""");
        Assert.Empty(message.Compare);
        Assert.Equal(RequestOp.RequestOneofCase.RequestTxn, Assert.Single(message.Success).RequestCase);
        Assert.Equal("b", Parse(PutRequest.Parser, """{"key":"YQ==","key":"Yg=="}""").Key.ToStringUtf8());
    }

    [Fact]
    public void Halves_of_characters_and_bytes_that_are_none_become_replacements()
    {
        byte[] json = [.. "{\"name\":\"a\\ud800b\\udc00\\ud83d\\ude00"u8, 0xff, .. "\"}"u8];
        using WireBuffer wire = new();
        JsonToProto.Translate(json, MessageSchema.Of(AuthenticateRequest.Descriptor), wire);
        Assert.Equal(
            "a\ufffdb\ufffd\ud83d\ude00\ufffd", AuthenticateRequest.Parser.ParseFrom(wire.Written).Name);
    }

    [Fact]
    public void Messages_nest_as_deep_as_transactions_can_and_not_without_end()
    {
        const string Begin = """{"success":[{"request_txn":""";
        Parse(TxnRequest.Parser, Nest(200));
        JsonFormatException exception =
            Assert.Throws<JsonFormatException>(() => Parse(TxnRequest.Parser, Nest(3000)));
        Assert.Equal("messages nest deeper than 512", exception.Message);

        static string Nest(int levels) =>
            string.Concat(Enumerable.Repeat(Begin, levels)) + "{}" + string.Concat(Enumerable.Repeat("}]}", levels));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Damaged_JSON_is_refused_or_is_a_message(int seed)
    {
        const string Whole = """
            {"compare":[{"key":"YWJj","result":"LESS","target":3,"value":"YQ=="},{"version":"-5","rangeEnd":null}],
             "success":[{"request_put":{"key":[97,98],"lease":12,"prevKv":true}},{"request_txn":{"failure":[{}]}}],
             "unknown":[1,{"a":"\u00e9"}],"failure":[{"request_range":{"limit":"10","sort_order":"DESCEND"}}]}
            """;
        Random random = new(seed);
        byte[] whole = Encoding.UTF8.GetBytes(Whole);
        int parsed = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] damaged = [.. whole];
            for (int count = random.Next(1, 4); count > 0; count--)
                damaged[random.Next(damaged.Length)] = whole[random.Next(whole.Length)];
            parsed += IsMessage(damaged) ? 1 : 0;
        }

        Assert.InRange(parsed, 1, 19_999);
    }

    private static bool IsMessage(byte[] json)
    {
        try
        {
            JsonScanner scanner = default;
            int end = scanner.Scan(json);
            if (!scanner.Finish())
                return false;

            using WireBuffer wire = new();
            JsonToProto.Translate(json.AsSpan(0, end), MessageSchema.Of(TxnRequest.Descriptor), wire);
            TxnRequest.Parser.ParseFrom(wire.Written);
            return true;
        }
        catch (JsonFormatException)
        {
            return false;
        }
    }

    private static T Parse<T>(MessageParser<T> parser, string json)
        where T : IMessage<T>, new()
    {
        using WireBuffer wire = new();
        JsonToProto.Translate(Encoding.UTF8.GetBytes(json), MessageSchema.Of(new T().Descriptor), wire);
        using CodedInputStream input = CodedInputStream.CreateWithLimits(wire.ToStream(), int.MaxValue, 1000);
        return parser.ParseFrom(input);
    }

    private static string Json(IMessage message)
    {
        ArrayBufferWriter<byte> output = new();
        GatewayCodec.Write(message, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static ByteString Utf8(string text) => ByteString.CopyFromUtf8(text);
}
