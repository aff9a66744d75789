using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Coord.AspNetCore.Tests.Harness;
using Coord.Kv;

namespace Coord.AspNetCore.Tests.Discovery;

/// <summary>Every request of the discovery service: status, headers and body as etcd's public one has them.</summary>
public sealed class DiscoveryServiceTests : IAsyncLifetime
{
    private const StringComparison Ordinal = StringComparison.Ordinal;
    private ApiServer _server = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _server = await ApiServer.StartAsync();
        _http = new HttpClient { BaseAddress = _server.Address };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "", "3")]
    [InlineData("GET", "?size=5", "5")]
    [InlineData("POST", "?size=1", "1")]
    [InlineData("PUT", "", "3")]
    public async Task A_new_token_is_an_url_without_a_line_end(string method, string query, string size)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), $"/discovery/new{query}");
        using HttpResponseMessage response = await _http.SendAsync(request);
        string url = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Matches($"^{Regex.Escape(new Uri(_server.Address, "/discovery/").ToString())}[0-9a-f]{{32}}$", url);
        Assert.Contains($"\"value\":\"{size}\"", await _http.GetStringAsync(new Uri(url + "/_config/size")), Ordinal);
    }

    [Fact]
    public async Task The_size_may_be_in_a_form_and_the_answer_in_json()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/discovery/new")
        {
            Content = new FormUrlEncodedContent([new("size", "7")]),
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using HttpResponseMessage response = await _http.SendAsync(request);
        using JsonDocument json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(["url", "token", "size", "expires"], json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(7, json.RootElement.GetProperty("size").GetInt32());
        Assert.EndsWith(
            "/discovery/" + json.RootElement.GetProperty("token").GetString(),
            json.RootElement.GetProperty("url").GetString(), Ordinal);
        Assert.InRange(
            json.RootElement.GetProperty("expires").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(),
            TimeSpan.FromHours(23), TimeSpan.FromHours(25));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("101")]
    [InlineData("2147483648")]
    [InlineData("3.0")]
    [InlineData("%0a3")]
    public async Task A_size_that_is_none_is_refused_in_one_line(string size)
    {
        using HttpResponseMessage response = await _http.GetAsync(Uri($"/discovery/new?size={size}"));
        string text = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(1, text.Count(c => c == '\n'));
        Assert.Contains("it must be a whole number from 1 to 100.", text, Ordinal);
    }

    [Fact]
    public async Task A_token_begins_empty_and_lists_who_registered_in_order()
    {
        string token = await NewAsync();
        long created = await RevisionAsync();
        string key = $"/_etcd/registry/{token}";
        await IsAsync(
            await _http.GetAsync(Uri($"/discovery/{token}/_config/size")), 200, created,
            $$"""{"action":"get","node":{"key":"{{key}}/_config/size","value":"3","""
            + Indices(created, created) + "}}");
        await IsAsync(
            await _http.GetAsync(Uri($"/discovery/{token}")), 200, created,
            $$"""{"action":"get","node":{"key":"{{key}}","dir":true,"""
            + Indices(created, created) + "}}");

        await IsAsync(
            await PutAsync(token, "ff", "n2=http://b:1"), 201, created + 1,
            $$"""{"action":"create","node":{{Node(key + "/ff", "n2=http://b:1", created + 1)}}}""");
        await IsAsync(
            await PutAsync(token, "1a", "n1=http://a:1,n1=http://a:2"), 201, created + 2,
            $$"""{"action":"create","node":{{Node(key + "/1a", "n1=http://a:1,n1=http://a:2", created + 2)}}}""");
        string nodes = Node(key + "/ff", "n2=http://b:1", created + 1) + ","
            + Node(key + "/1a", "n1=http://a:1,n1=http://a:2", created + 2);
        foreach (string slash in (string[])["", "/"])
        {
            await IsAsync(
                await _http.GetAsync(Uri($"/discovery/{token}{slash}")), 200, created + 2,
                $$"""{"action":"get","node":{"key":"{{key}}","dir":true,"nodes":[{{nodes}}],"""
                + Indices(created, created) + "}}");
        }

        await IsAsync(
            await _http.GetAsync(Uri($"/discovery/{token}/ff")), 200, created + 2,
            $$"""{"action":"get","node":{{Node(key + "/ff", "n2=http://b:1", created + 1)}}}""");
    }

    [Fact]
    public async Task What_is_not_there_is_told_with_its_key_and_the_index()
    {
        string unknown = new('5', 32);
        long now = await RevisionAsync();
        string error = $$"""{"errorCode":100,"message":"Key not found","cause":"/_etcd/registry/{{unknown}}","index":"""
            + now + "}";
        await IsAsync(await _http.GetAsync(Uri($"/discovery/{unknown}")), 404, now, error);
        await IsAsync(await _http.GetAsync(Uri($"/discovery/{unknown}/_config/size")), 404, now, error);
        await IsAsync(await _http.GetAsync(Uri($"/discovery/{unknown}?wait=true")), 404, now, error);
        await IsAsync(await PutAsync(unknown, "1a", "n1=http://a:1"), 404, now, error);
        string token = await NewAsync();
        now = await RevisionAsync();
        string missing = $$"""{"errorCode":100,"message":"Key not found","cause":"/_etcd/registry/{{token}}/1a","""
            + $"\"index\":{now}}}";
        await IsAsync(await _http.GetAsync(Uri($"/discovery/{token}/1a")), 404, now, missing);
        await IsAsync(await _http.DeleteAsync(Uri($"/discovery/{token}/1a")), 404, now, missing);
    }

    [Fact]
    public async Task Who_registers_twice_is_told_so_and_the_first_stays()
    {
        string token = await NewAsync();
        using HttpResponseMessage first = await PutAsync(token, "1a", "n1=http://a:1");
        long now = await RevisionAsync();
        await IsAsync(
            await PutAsync(token, "1a", "n1=http://other:1"), 412, now,
            $$"""{"errorCode":105,"message":"Key already exists","cause":"/_etcd/registry/{{token}}/1a","index":"""
            + now + "}");
        Assert.Contains("n1=http://a:1", await _http.GetStringAsync(Uri($"/discovery/{token}")), Ordinal);
    }

    [Fact]
    public async Task A_member_that_is_deleted_is_shown_as_it_was()
    {
        string token = await NewAsync();
        using HttpResponseMessage first = await PutAsync(token, "1a", "n1=http://a:1");
        long created = await RevisionAsync();
        string key = $"/_etcd/registry/{token}/1a";
        await IsAsync(
            await _http.DeleteAsync(Uri($"/discovery/{token}/1a")), 200, created + 1,
            $$"""{"action":"delete","node":{"key":"{{key}}",{{Indices(created + 1, created)}}},"""
            + $"\"prevNode\":{Node(key, "n1=http://a:1", created)}}}");
        Assert.DoesNotContain("nodes", await _http.GetStringAsync(Uri($"/discovery/{token}")), Ordinal);
    }

    [Fact]
    public async Task A_wait_ends_with_the_first_member_from_its_index_on_past_or_future()
    {
        string token = await NewAsync();
        using HttpResponseMessage one = await PutAsync(token, "1a", "n1=http://a:1");
        long first = await RevisionAsync();
        using HttpResponseMessage two = await PutAsync(token, "2b", "n2=http://b:1");
        string wait = $"/discovery/{token}?recursive=true&wait=true&waitIndex=";
        Assert.Equal(EventOf(token, "1a", "n1=http://a:1", first), await _http.GetStringAsync(Uri($"{wait}{first}")));
        Assert.Equal(
            EventOf(token, "2b", "n2=http://b:1", first + 1), await _http.GetStringAsync(Uri($"{wait}{first + 1}")));
        Assert.Equal(
            EventOf(token, "1a", "n1=http://a:1", first),
            await _http.GetStringAsync(Uri($"/discovery/{token}/1a?wait=true&waitIndex={first}&recursive=false")));

        // The headers come at once, what is waited for later; who leaves in between is not news.
        using HttpResponseMessage waiting = await _http.GetAsync(
            Uri($"{wait}{first + 2}"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal($"{first + 1}", Assert.Single(waiting.Headers.GetValues("X-Etcd-Index")));
        Assert.Equal("application/json", waiting.Content.Headers.ContentType!.ToString());
        using HttpResponseMessage left = await _http.DeleteAsync(Uri($"/discovery/{token}/1a"));
        using HttpResponseMessage three = await PutAsync(token, "3c", "n3=http://c:1");
        Assert.Equal(
            EventOf(token, "3c", "n3=http://c:1", first + 3), await waiting.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_wait_from_before_a_compaction_finds_who_is_there()
    {
        string token = await NewAsync();
        using HttpResponseMessage one = await PutAsync(token, "1a", "n1=http://a:1");
        long first = await RevisionAsync();
        await _server.Store.PutAsync("other", "x");
        await _server.Store.CompactAsync(new Revision(first + 1));
        Assert.Equal(
            EventOf(token, "1a", "n1=http://a:1", first),
            await _http.GetStringAsync(Uri($"/discovery/{token}?recursive=true&wait=true&waitIndex=1")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("foo")]
    [InlineData("5555555555555555555555555555555")]
    [InlineData("5555555555555555555555555555555G")]
    [InlineData("55555555555555555555555555555555/_config")]
    [InlineData("55555555555555555555555555555555/_config/size/x")]
    [InlineData("55555555555555555555555555555555/a/b")]
    [InlineData("55555555555555555555555555555555/a%2Fb")]
    [InlineData("55555555555555555555555555555555/_hidden")]
    public async Task Anything_else_is_not_found_in_text(string path)
    {
        using HttpResponseMessage response = await _http.GetAsync(Uri($"/discovery/{path}"));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("404 page not found\n", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("POST", "")]
    [InlineData("DELETE", "")]
    [InlineData("PUT", "/_config/size")]
    [InlineData("PATCH", "/1a")]
    public async Task Another_method_is_refused(string method, string path)
    {
        string token = await NewAsync();
        using HttpRequestMessage request = new(new HttpMethod(method), $"/discovery/{token}{path}");
        using HttpResponseMessage response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Fact]
    public async Task Values_are_bounded_and_bodies_that_are_no_form_are_refused()
    {
        string token = await NewAsync();
        using HttpResponseMessage empty = await PutAsync(token, "1a", "");
        using HttpResponseMessage longer = await PutAsync(token, "1a", new string('x', 4_097));
        using HttpResponseMessage most = await PutAsync(token, "1a", new string('x', 4_096));
        using HttpResponseMessage huge = await PutAsync(token, "2b", new string('x', 100_000));
        Assert.Equal(
            [HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.Created, HttpStatusCode.BadRequest],
            [empty.StatusCode, longer.StatusCode, most.StatusCode, huge.StatusCode]);
    }

    private static string Node(string key, string value, long index) =>
        $$"""{"key":"{{key}}","value":"{{value}}",{{Indices(index, index)}}}""";

    private static string Indices(long modified, long created) =>
        $"\"modifiedIndex\":{modified},\"createdIndex\":{created}";

    private static string EventOf(string token, string member, string value, long index) =>
        $$"""{"action":"create","node":{{Node($"/_etcd/registry/{token}/{member}", value, index)}}}""" + "\n";

    private static async Task IsAsync(HttpResponseMessage response, int status, long index, string body)
    {
        using (response)
        {
            Assert.Equal(body + "\n", await response.Content.ReadAsStringAsync());
            Assert.Equal(status, (int)response.StatusCode);
            Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
            Assert.Equal($"{index}", Assert.Single(response.Headers.GetValues("X-Etcd-Index")));
        }
    }

    private static Uri Uri(string path) => new(path, UriKind.Relative);

    private async Task<string> NewAsync() => (await _http.GetStringAsync(Uri("/discovery/new")))[^32..];

    private async Task<long> RevisionAsync() => (await _server.Store.GetAsync(KeyRange.Single("none"))).Revision.Value;

    private async Task<HttpResponseMessage> PutAsync(string token, string member, string value)
    {
        using FormUrlEncodedContent form = new([new("value", value)]);
        return await _http.PutAsync(Uri($"/discovery/{token}/{member}?prevExist=false"), form);
    }

}
