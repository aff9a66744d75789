using Coord.AspNetCore.Tests.Gateway;
using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.Core;
using CompareResult = Coord.Protocol.Etcd.Compare.Types.CompareResult;
using CompareTarget = Coord.Protocol.Etcd.Compare.Types.CompareTarget;

namespace Coord.AspNetCore.Tests.BadInput;

/// <summary>Requests that make little sense, put to Coord and to a real etcd side by side.</summary>
/// <remarks>
/// Both begin empty and are asked the same in the same order, so even revisions must agree. Left out is what ends an
/// etcd 3.4 (an unknown target to sort by, an unknown action on alarms), and what is documented as different.
/// </remarks>
public sealed class EtcdAnswersTests : IAsyncLifetime
{
    private const string Kv = "etcdserverpb.KV/", Leases = "etcdserverpb.Lease/";
    private const string Cluster = "etcdserverpb.Cluster/", Maintenance = "etcdserverpb.Maintenance/";

    private static readonly long[] Extremes = [-1, long.MinValue, long.MaxValue, 1_000_000];
    private readonly List<string> _differences = [];
    private ApiServer _server = null!;
    private RealEtcd? _etcd;
    private EtcdClient _ofCoord = null!;
    private EtcdClient _ofEtcd = null!;

    public async Task InitializeAsync()
    {
        if (!EtcdTool.IsInstalled("etcd"))
            return;

        _server = await ApiServer.StartAsync();
        _etcd = await RealEtcd.StartAsync();
        _ofCoord = new EtcdClient(_server);
        _ofEtcd = new EtcdClient(_etcd.Address);
        await SameAsync<PutRequest, PutResponse>(Kv + "Put", new() { Key = Key("a"), Value = Key("v") });
        await SameAsync<PutRequest, PutResponse>(Kv + "Put", new() { Key = Key("ab"), Value = Key("v") });
    }

    public async Task DisposeAsync()
    {
        if (_etcd is null)
            return;

        _ofCoord.Dispose();
        _ofEtcd.Dispose();
        _etcd.Dispose();
        await _server.DisposeAsync();
    }

    [EtcdFact]
    public async Task Writes()
    {
        foreach (int size in (int[])[1_572_000, 1_573_000, 2_097_100, 3_000_000])
            await PutAsync(new() { Key = Key("big"), Value = ByteString.CopyFrom(new byte[size]) });
        await PutAsync(new() { Value = Key("x") });
        await PutAsync(new() { Key = ByteString.CopyFrom(new byte[1_600_000]) });
        foreach (long lease in Extremes)
            await PutAsync(new() { Key = Key("a"), Lease = lease });
        await PutAsync(new() { Key = Key("none"), IgnoreValue = true });
        await PutAsync(new() { Key = Key("none"), IgnoreLease = true });
        await PutAsync(new() { Key = Key("a"), Value = Key("1"), IgnoreValue = true });
        await PutAsync(new() { Key = Key("a"), Lease = 3, IgnoreLease = true });
        await PutAsync(new() { Key = Key("a"), IgnoreValue = true, IgnoreLease = true });
        await SameAsync<DeleteRangeRequest, DeleteRangeResponse>(Kv + "DeleteRange", new());
        await SameAsync<DeleteRangeRequest, DeleteRangeResponse>(
            Kv + "DeleteRange", new() { Key = Key("z"), RangeEnd = Key("a") });
        AssertSame();

        Task PutAsync(PutRequest request) => SameAsync<PutRequest, PutResponse>(Kv + "Put", request);
    }

    [EtcdFact]
    public async Task Reads()
    {
        await RangeAsync(new());
        await RangeAsync(new() { RangeEnd = Key("z") });
        await RangeAsync(new() { Key = Key("z"), RangeEnd = Key("a") });
        await RangeAsync(new() { Key = Key("a"), RangeEnd = Key("a") });
        foreach (long number in Extremes)
        {
            await RangeAsync(new() { Key = Key("a"), Revision = number });
            await RangeAsync(new() { Key = Key("a"), RangeEnd = Key("b"), Limit = number });
            await RangeAsync(new() { Key = Key("a"), RangeEnd = Key("b"), MinModRevision = number });
            await RangeAsync(new() { Key = Key("a"), RangeEnd = Key("b"), MaxModRevision = number });
            await RangeAsync(new() { Key = Key("a"), RangeEnd = Key("b"), MinCreateRevision = number });
            await RangeAsync(new() { Key = Key("a"), RangeEnd = Key("b"), MaxCreateRevision = number });
        }

        await RangeAsync(new() { Key = Key("a"), RangeEnd = Key("b"), SortOrder = (RangeRequest.Types.SortOrder)99 });
        AssertSame();

        Task RangeAsync(RangeRequest request) => SameAsync<RangeRequest, RangeResponse>(Kv + "Range", request);
    }

    [EtcdFact]
    public async Task Transactions()
    {
        await TxnAsync(new());
        await TxnAsync(new() { Success = { Puts(128) } });
        await TxnAsync(new() { Success = { Puts(129) } });
        await TxnAsync(new() { Failure = { Puts(129) } });
        await TxnAsync(new() { Success = { Puts(128) }, Failure = { Puts(128) } });
        await TxnAsync(new() { Compare = { Enumerable.Repeat(new Compare { Key = Key("a") }, 129) } });
        await TxnAsync(new() { Success = { Nested(127) } });
        await TxnAsync(new() { Success = { Nested(128) } });
        await TxnAsync(new() { Success = { new RequestOp() } });
        await TxnAsync(new() { Success = { Put("t"), Put("t") } });
        await TxnAsync(new() { Failure = { Put("t"), Put("t") } });
        await TxnAsync(new() { Success = { Put("") } });
        await TxnAsync(new() { Success = { new RequestOp { RequestRange = new() } } });
        await TxnAsync(new() { Compare = { new Compare() } });
        RequestOp future = new() { RequestRange = new() { Key = Key("a"), Revision = long.MaxValue } };
        RequestOp leased = new() { RequestPut = new() { Key = Key("l"), Lease = 77 } };
        RequestOp keeping = new() { RequestPut = new() { Key = Key("none"), IgnoreValue = true } };
        foreach (RequestOp failing in (RequestOp[])[future, leased, keeping])
        {
            await TxnAsync(new() { Success = { Put("first"), failing } });
            await TxnAsync(new() { Failure = { failing } });
        }

        foreach (string key in (string[])["a", "none"])
        {
            await TxnAsync(new() { Compare = { new Compare { Key = Key(key), Result = (CompareResult)99 } } });
            await TxnAsync(new() { Compare = { new Compare { Key = Key(key), Target = (CompareTarget)99 } } });
            await TxnAsync(new() { Compare = { new Compare { Key = Key(key), Target = CompareTarget.Value } } });
            await TxnAsync(new() { Compare = { new Compare { Key = Key(key), ModRevision = 5 } } });
            await TxnAsync(new() { Compare = { new Compare { Key = Key(key), Version = long.MinValue } } });
        }

        AssertSame();

        Task TxnAsync(TxnRequest request) => SameAsync<TxnRequest, TxnResponse>(Kv + "Txn", request);

        static RequestOp Put(string key) => new() { RequestPut = new PutRequest { Key = Key(key) } };

        static IEnumerable<RequestOp> Puts(int count) => Enumerable.Range(0, count).Select(i => Put($"t{i}"));

        static RequestOp Nested(int count) => new() { RequestTxn = new TxnRequest { Success = { Puts(count) } } };
    }

    [EtcdFact]
    public async Task Compactions()
    {
        foreach (long revision in (long[])[-1, long.MinValue, long.MaxValue, 1_000_000, 2, 2, 0])
        {
            await SameAsync<CompactionRequest, CompactionResponse>(
                Kv + "Compact", new() { Revision = revision });
        }

        foreach (long revision in (long[])[1, 2])
        {
            await SameAsync<RangeRequest, RangeResponse>(
                Kv + "Range", new() { Key = Key("a"), Revision = revision });
        }

        foreach (long revision in (long[])[1, long.MaxValue])
            await SameAsync<HashKVRequest, HashKVResponse>(Maintenance + "HashKV", new() { Revision = revision });
        AssertSame();
    }

    [EtcdFact]
    public async Task LeasesOfAllSorts()
    {
        long id = 100;
        foreach (long seconds in (long[])[0, -1, long.MinValue, 1, 9_000_000_000, 9_000_000_001, long.MaxValue])
            await GrantAsync(++id, seconds);
        foreach (long taken in (long[])[5, 5, -5, long.MaxValue, long.MinValue])
            await GrantAsync(taken, 60);
        foreach (long unknown in (long[])[0, -1, 12_345, long.MaxValue, long.MaxValue])
            await SameAsync<LeaseRevokeRequest, LeaseRevokeResponse>(Leases + "LeaseRevoke", new() { ID = unknown });
        foreach (long unknown in (long[])[0, -1, 12_345])
        {
            await SameAsync<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse>(
                Leases + "LeaseTimeToLive", new() { ID = unknown, Keys = true });
        }

        AssertSame();

        Task GrantAsync(long lease, long seconds) => SameAsync<LeaseGrantRequest, LeaseGrantResponse>(
            Leases + "LeaseGrant", new() { ID = lease, TTL = seconds });
    }

    [EtcdFact]
    public async Task Members()
    {
        string[] urls = ["", "x", "http://", "http://h", "ftp://h:1", "http://h:1/path"];
        await SameAsync<MemberAddRequest, MemberAddResponse>(Cluster + "MemberAdd", new());
        foreach (string url in urls)
            await SameAsync<MemberAddRequest, MemberAddResponse>(Cluster + "MemberAdd", new() { PeerURLs = { url } });
        foreach (ulong id in (ulong[])[0, 1, ulong.MaxValue])
        {
            await SameAsync<MemberRemoveRequest, MemberRemoveResponse>(Cluster + "MemberRemove", new() { ID = id });
            await SameAsync<MemberPromoteRequest, MemberPromoteResponse>(Cluster + "MemberPromote", new() { ID = id });
            await SameAsync<MemberUpdateRequest, MemberUpdateResponse>(
                Cluster + "MemberUpdate", new() { ID = id, PeerURLs = { "http://h:1" } });
            await SameAsync<MoveLeaderRequest, MoveLeaderResponse>(Maintenance + "MoveLeader", new() { TargetID = id });
        }

        AssertSame();
    }

    private static ByteString Key(string text) => ByteString.CopyFromUtf8(text);

    /// <summary>Asks both, and keeps what differs.</summary>
    private async Task SameAsync<TRequest, TResponse>(string method, TRequest request)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        string coord = await AnswerAsync(_ofCoord), etcd = await AnswerAsync(_ofEtcd);
        if (coord == etcd)
            return;

        string asked = request.CalculateSize() < 1000 ? request.ToString()! : $"{request.CalculateSize()} bytes";
        _differences.Add($"{method} {asked}\n  etcd:  {etcd}\n  Coord: {coord}");

        async Task<string> AnswerAsync(EtcdClient client)
        {
            try
            {
                TResponse response = await client.CallAsync<TRequest, TResponse>(method, request);
                response.Descriptor.FindFieldByName("header")?.Accessor.Clear(response);
                return response.ToString()!;
            }
            catch (RpcException exception)
            {
                return $"{exception.StatusCode} {exception.Status.Detail}";
            }
        }
    }

    private void AssertSame() => Assert.True(_differences.Count == 0, string.Join('\n', _differences));
}
