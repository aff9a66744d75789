using System.Text;
using Coord.Raft;
using Coord.Transport.Discovery;
using Coord.Transport.Framing;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Coord.Transport.Tests.Discovery;

/// <summary>What comes from strangers is read or refused, whatever it is, in time that its length bounds.</summary>
/// <remarks>Each case changes a few bytes of something valid: that gets deeper than noise does.</remarks>
public sealed class ParserFuzzTests
{
    private static readonly byte[] List = Encoding.UTF8.GetBytes(
        """{"action":"get","node":{"key":"/_etcd/registry/5/","dir":true,"nodes":[{"key":"/_etcd/registry/5/1a","""
        + """ "value":"n1=http://10.0.0.1:2380,n1=http://[::1]:2380","modifiedIndex":8,"createdIndex":8},"""
        + """{"key":"\u002f1b","value":"n2=https://b:1","modifiedIndex":9,"createdIndex":9}],"modifiedIndex":7}}""");

    [Property(MaxTest = 2_000)]
    public void Answers_of_discovery_services(DoNotSize<int> seed)
    {
        if (DiscoveryAnswer.TryParse(Mutate(List, seed.Item)) is not { } answer)
            return;
        foreach (DiscoveryNode node in answer.Nodes)
        {
            _ = node.IsMember;
            if (MemberList.TryParse(node.Value, out List<NamedUrls> members, out string problem))
                Assert.All(members, member => Assert.All(member.PeerUrls, url => PeerUrl.Parse(url)));
            else
                Assert.NotEmpty(problem);
        }
    }

    [Property(MaxTest = 2_000)]
    public void Answers_of_name_servers(DoNotSize<int> seed)
    {
        byte[] question = DnsMessage.TryEncode(0x1234, "_etcd-server._tcp.example.com")!;
        List<ServiceRecord> records = [];
        DnsMessage.Decode(Mutate(DnsAnswers.To(question), seed.Item), question, records);
        Assert.All(records, record => Assert.InRange(record.Target.Length, 1, 255));
    }

    [Property(MaxTest = 2_000)]
    public void Requests_to_be_let_in(DoNotSize<int> seed)
    {
        byte[] payload = EnlistmentCodec.Encode(new byte[EnlistmentCodec.SecretBytes], "[fe80::1]:2380")
            [FrameHeader.Size..];
        if (EnlistmentCodec.TryDecode(Mutate(payload, seed.Item), out _, out string address))
            Assert.True(PeerAddress.TryParse(address, out _));
    }

    [Property(MaxTest = 1_000)]
    public void Records_of_a_bootstrap(DoNotSize<int> seed)
    {
        BootstrapResult result = new(
            new ClusterId(7), new NodeId(1), [new(new NodeId(1), "n1", ["http://10.0.0.1:2380"])], false);
        byte[] whole = BootstrapRecord.Encode(result);
        byte[] changed = Mutate(whole, seed.Item);
        if (BootstrapRecord.Decode(changed) is not null)
        {
            // The checksum is hexadecimal, in either case.
            Assert.Equal(
                Encoding.UTF8.GetString(whole).TrimEnd(), Encoding.UTF8.GetString(changed).TrimEnd(),
                ignoreCase: true);
        }
    }

    [Fact]
    public void A_pointer_that_leads_to_itself_ends_a_name()
    {
        byte[] question = DnsMessage.TryEncode(1, "a.example.com")!;
        byte[] answer = DnsAnswers.To(question);
        for (int at = question.Length; at < answer.Length - 1; at++)
        {
            byte[] looped = [.. answer];
            looped[at] = (byte)(0xC0 | (at >> 8));
            looped[at + 1] = (byte)at;
            DnsMessage.Decode(looped, question, []);
        }
    }

    [Fact]
    public void What_nests_or_repeats_without_end_is_refused()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"node\":", 100_000));
        Assert.Null(DiscoveryAnswer.TryParse(Encoding.UTF8.GetBytes(deep)));
        string many = string.Join(',', Enumerable.Range(0, 1_001).Select(i => $"n{i}=http://h:{i + 1}"));
        Assert.False(MemberList.TryParse(many, out _, out string problem));
        Assert.Contains("more than 1000 members", problem, StringComparison.Ordinal);
        Assert.False(MemberList.TryParse(new string('x', 300_000), out _, out _));
    }

    private static byte[] Mutate(byte[] valid, int seed)
    {
        Random random = new(seed);
        List<byte> bytes = [.. valid];
        for (int i = random.Next(1, 6); i > 0 && bytes.Count > 0; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 9))); break;
                case 3: bytes.InsertRange(at, bytes.Slice(at, Math.Min(bytes.Count - at, random.Next(1, 33)))); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }

        return [.. bytes];
    }
}
