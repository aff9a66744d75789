using System.Net;
using System.Net.Http.Headers;
using Coord.AspNetCore.Discovery;
using Coord.AspNetCore.Tests.Harness;
using Coord.Kv;
using Microsoft.Extensions.Time.Testing;

namespace Coord.AspNetCore.Tests.Discovery;

/// <summary>A token is open, sealed and gone; it has bounds; and etcd's v3 discovery sees the same keys.</summary>
public sealed class DiscoveryStateTests
{
    [Fact]
    public async Task A_sealed_token_stays_sealed_when_a_member_leaves()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        string token = await NewAsync(http, "?size=2");
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, token, "1a"));
        await DeleteAsync(http, token, "1a");
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, token, "1a"));
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, token, "2b"));

        // One who comes too late is taken, and sees from the order that it is; it may leave again.
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, token, "3c"));
        await DeleteAsync(http, token, "2b");
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, token, "4d"));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, token, "2b"));
    }

    [Fact]
    public async Task A_token_takes_only_so_many_members_more_than_it_has_places()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        string token = await NewAsync(http, "?size=1");
        for (int i = 0; i < 17; i++)
            Assert.Equal(HttpStatusCode.Created, await PutAsync(http, token, $"{i}"));
        using FormUrlEncodedContent form = new([new("value", "late=http://l:1")]);
        using HttpResponseMessage late = await http.PutAsync(Uri($"/discovery/{token}/99?prevExist=false"), form);
        Assert.Equal(HttpStatusCode.Forbidden, late.StatusCode);
        Assert.StartsWith(
            """{"errorCode":103,"message":"Reached the max number of peers in the cluster","cause":""",
            await late.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Members_that_register_at_once_each_get_a_place_of_their_own()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        string token = await NewAsync(http, "?size=3");
        HttpStatusCode[] answers = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(i => PutAsync(http, token, $"{i}")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer));
        GetResult members = await server.Store.GetPrefixAsync($"/_etcd/registry/{token}/members/");
        Assert.Equal(12, members.KeyValues.Select(pair => pair.CreateRevision).Distinct().Count());
    }

    [Fact]
    public async Task A_token_is_gone_with_its_lease_and_all_its_members_with_it()
    {
        await using ApiServer server = await ApiServer.StartAsync(
            discovery: options => options.TimeToLive = TimeSpan.FromHours(1));
        using HttpClient http = new() { BaseAddress = server.Address };
        string token = await NewAsync(http, "");
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, token, "1a"));
        LeaseStatus[] leases =
        [
            .. (await Task.WhenAll((await server.Store.ListLeasesAsync()).Select(
                async lease => (await server.Store.GetLeaseAsync(lease, includeKeys: true))!)))
                .OrderBy(lease => lease.GrantedTimeToLive),
        ];
        Assert.Equal(
            [TimeSpan.FromHours(1), TimeSpan.FromHours(1) + TimeSpan.FromDays(7)],
            leases.Select(lease => lease.GrantedTimeToLive));
        Assert.Equal([2, 1], leases.Select(lease => lease.Keys.Count));

        await server.Store.RevokeLeaseAsync(leases[0].Id);
        Assert.Equal(HttpStatusCode.NotFound, await PutAsync(http, token, "2b"));
        await GoneAsync(http, $"/discovery/{token}", ",\"expired\":true}");
        await GoneAsync(http, $"/discovery/{token}/_config/size", ",\"expired\":true}");
        await GoneAsync(http, $"/discovery/{token}?wait=true&recursive=true", ",\"expired\":true}");

        // After a week it is as unknown as one that never was.
        await server.Store.RevokeLeaseAsync(leases[1].Id);
        await GoneAsync(http, $"/discovery/{token}", $",\"index\":{await RevisionAsync(server)}}}");
        Assert.Empty((await server.Store.GetPrefixAsync("/_etcd/registry/")).KeyValues);
    }

    /// <summary>etcd's v3 discovery puts members there without a lease, and may put them there again.</summary>
    [Fact]
    public async Task Members_without_a_lease_have_places_like_all_others_and_are_gone_with_the_token()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        string token = await NewAsync(http, "?size=2");
        string members = $"/_etcd/registry/{token}/members/";
        await server.Store.PutAsync(members + "1a", "n1=http://a:1");
        Assert.Equal(HttpStatusCode.PreconditionFailed, await PutAsync(http, token, "1a"));
        using HttpResponseMessage waiting = await http.GetAsync(
            Uri($"/discovery/{token}?recursive=true&wait=true&waitIndex={await RevisionAsync(server) + 1}"),
            HttpCompletionOption.ResponseHeadersRead);

        // What is written over a member is no news: etcd's members would count it as one more.
        await server.Store.PutAsync(members + "1a", "n1=http://a:1");
        await server.Store.PutAsync(members + "2b", "n2=http://b:1");
        Assert.Contains($"/{token}/2b\"", await waiting.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        string list = await http.GetStringAsync(Uri($"/discovery/{token}"));
        int first = list.IndexOf("/1a\"", StringComparison.Ordinal);
        Assert.InRange(first, 0, list.IndexOf("/2b\"", StringComparison.Ordinal));

        // With them the token is sealed, and who leaves makes no room.
        await DeleteAsync(http, token, "2b");
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, token, "3c"));

        KeyValue size = (await server.Store.GetAsync($"/_etcd/registry/{token}/_config/size"))!;
        await server.Store.RevokeLeaseAsync(size.Lease);
        await GoneAsync(http, $"/discovery/{token}", ",\"expired\":true}");
        Assert.Empty((await server.Store.GetPrefixAsync(members)).KeyValues);
    }

    [Fact]
    public async Task A_member_of_etcds_v3_discovery_and_one_of_the_http_face_see_each_other()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        string token = await NewAsync(http, "");
        Assert.Equal("3", (await server.Store.GetAsync($"/_etcd/registry/{token}/_config/size"))!.ValueString);
        using HttpResponseMessage waiting = await http.GetAsync(
            Uri($"/discovery/{token}?recursive=true&wait=true"), HttpCompletionOption.ResponseHeadersRead);
        await server.Store.PutAsync($"/_etcd/registry/{token}/members/8eecabad57199773", "n1=http://a:1");
        Assert.Contains(
            $"\"key\":\"/_etcd/registry/{token}/8eecabad57199773\",\"value\":\"n1=http://a:1\"",
            await waiting.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, token, "2b"));
        GetResult members = await server.Store.GetPrefixAsync($"/_etcd/registry/{token}/members/");
        Assert.Equal(["n1=http://a:1", "n2b=http://h2b:1"], members.KeyValues
            .OrderBy(pair => pair.CreateRevision).Select(pair => pair.ValueString));
    }

    [Fact]
    public async Task Only_who_knows_the_secret_creates_tokens_if_there_is_one()
    {
        await using ApiServer server = await ApiServer.StartAsync(
            discovery: options => options.CreationSecret = "open sesame");
        using HttpClient http = new() { BaseAddress = server.Address };
        foreach (string? secret in (string?[])[null, "open", "open sesame "])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/discovery/new");
            if (secret is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            using HttpResponseMessage response = await http.SendAsync(request);
            bool isRight = secret?.Trim() == "open sesame";
            Assert.Equal(isRight ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, response.StatusCode);
        }
    }

    [Fact]
    public async Task Creations_and_registrations_have_a_rate_and_waits_a_number()
    {
        await using ApiServer server = await ApiServer.StartAsync(discovery: options =>
        {
            options.MaxCreationsPerMinute = 1;
            options.MaxRegistrationsPerMinute = 2;
            options.MaxWaiters = 1;
        });
        using HttpClient http = new() { BaseAddress = server.Address };
        string token = await NewAsync(http, "");
        using HttpResponseMessage second = await http.GetAsync(Uri("/discovery/new"));
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.InRange(second.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

        using HttpResponseMessage waiting = await http.GetAsync(
            Uri($"/discovery/{token}?recursive=true&wait=true"), HttpCompletionOption.ResponseHeadersRead);
        using HttpResponseMessage other = await http.GetAsync(Uri($"/discovery/{token}?recursive=true&wait=true"));
        Assert.Equal(HttpStatusCode.TooManyRequests, other.StatusCode);
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, token, "1a"));
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, token, "2b"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await PutAsync(http, token, "3c"));
    }

    [Fact]
    public async Task A_wait_without_news_ends_empty()
    {
        await using ApiServer server = await ApiServer.StartAsync(
            discovery: options => options.LongPollTimeout = TimeSpan.FromMilliseconds(20));
        using HttpClient http = new() { BaseAddress = server.Address };
        string token = await NewAsync(http, "");
        using HttpResponseMessage answer = await http.GetAsync(Uri($"/discovery/{token}?recursive=true&wait=true"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public void A_bucket_fills_with_time_each_address_has_its_own_and_their_number_is_bounded()
    {
        FakeTimeProvider clock = new();
        RateGate gate = new(perMinute: 2, clock);
        Assert.True(gate.TryTake("a", out _));
        Assert.True(gate.TryTake("a", out _));
        Assert.False(gate.TryTake("a", out TimeSpan wait));
        Assert.InRange(wait, TimeSpan.FromSeconds(29), TimeSpan.FromSeconds(31));
        Assert.True(gate.TryTake("b", out _));
        clock.Advance(TimeSpan.FromSeconds(31));
        Assert.True(gate.TryTake("a", out _));

        RateGate wide = new(perMinute: 10_000, clock);
        for (int i = 0; i < 10_000; i++)
            Assert.True(wide.TryTake($"{i}", out _));
        Assert.InRange(wide.Count, 4_096, 4_100);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(wide.TryTake("new", out _));
        Assert.InRange(wide.Count, 1, 10);
    }

    private static async Task GoneAsync(HttpClient http, string path, string end)
    {
        using HttpResponseMessage gone = await http.GetAsync(Uri(path));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        string body = await gone.Content.ReadAsStringAsync();
        Assert.StartsWith("{\"errorCode\":100,\"message\":\"Key not found\"", body, StringComparison.Ordinal);
        Assert.EndsWith(end + "\n", body, StringComparison.Ordinal);
    }

    private static async Task<long> RevisionAsync(ApiServer server) =>
        (await server.Store.GetAsync(KeyRange.Single("none"))).Revision.Value;

    private static Uri Uri(string path) => new(path, UriKind.Relative);

    private static async Task<string> NewAsync(HttpClient http, string query) =>
        (await http.GetStringAsync(Uri($"/discovery/new{query}")))[^32..];

    private static async Task<HttpStatusCode> PutAsync(HttpClient http, string token, string member)
    {
        using FormUrlEncodedContent form = new([new("value", $"n{member}=http://h{member}:1")]);
        using HttpResponseMessage response =
            await http.PutAsync(Uri($"/discovery/{token}/{member}?prevExist=false"), form);
        return response.StatusCode;
    }

    private static async Task DeleteAsync(HttpClient http, string token, string member)
    {
        using HttpResponseMessage response = await http.DeleteAsync(Uri($"/discovery/{token}/{member}"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
