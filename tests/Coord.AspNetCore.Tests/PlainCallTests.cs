using System.Net;
using System.Net.Http.Headers;
using Coord.AspNetCore.Diagnostics;
using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Hot;
using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>A call that is answered without the gRPC library cannot be told from one that went through it.</summary>
public sealed class PlainCallTests
{
    /// <summary>Metadata that nobody knows; a call with it is left to the library.</summary>
    private static readonly Metadata Odd = new() { { "nobody-knows", "this" } };

    private static readonly RequestDelegate Library = _ => Task.CompletedTask;

    [Fact]
    public async Task Answers_and_errors_are_those_of_the_library()
    {
        await using ApiServer server = await ApiServer.StartAsync(o => o.AnswerOnConnection = false);
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        PutRequest again = new() { Key = Utf8("a"), Value = Utf8("2"), PrevKv = true };
        PutResponse plain = await client.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", again);
        PutResponse odd = await client.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", again, Odd);
        Assert.Equal((3, 4), (plain.Header.Revision, odd.Header.Revision));
        Assert.Equal(("1", "2"), (plain.PrevKv.Value.ToStringUtf8(), odd.PrevKv.Value.ToStringUtf8()));

        await SameAsync<RangeRequest, RangeResponse>("etcdserverpb.KV/Range", new() { Key = Utf8("a") });
        await FailSameAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", new());
        await FailSameAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", new() { Key = Utf8("a"), Lease = 9 });
        await FailSameAsync<RangeRequest, RangeResponse>(
            "etcdserverpb.KV/Range", new() { Key = Utf8("a"), Revision = 99 });
        await FailSameAsync<TxnRequest, TxnResponse>(
            "etcdserverpb.KV/Txn", new() { Compare = { new Compare() } });
        await SameAsync<DeleteRangeRequest, DeleteRangeResponse>(
            "etcdserverpb.KV/DeleteRange", new() { Key = Utf8("not there") });

        async Task SameAsync<TRequest, TResponse>(string method, TRequest request)
            where TRequest : class, IMessage<TRequest>, new()
            where TResponse : class, IMessage<TResponse>, new() =>
            Assert.Equal(
                await client.CallAsync<TRequest, TResponse>(method, request, Odd),
                await client.CallAsync<TRequest, TResponse>(method, request));

        async Task FailSameAsync<TRequest, TResponse>(string method, TRequest request)
            where TRequest : class, IMessage<TRequest>, new()
            where TResponse : class, IMessage<TResponse>, new() =>
            Assert.Equal(
                await client.FailAsync<TRequest, TResponse>(method, request, Odd),
                await client.FailAsync<TRequest, TResponse>(method, request));
    }

    [Fact]
    public async Task A_call_whose_time_is_over_is_answered_so_although_nothing_else_came_of_it()
    {
        await using ApiServer server = await ApiServer.StartWithoutLeaderAsync();
        byte[] put = new PutRequest { Key = Utf8("a") }.ToByteArray();
        Assert.Equal(("4", "Deadline Exceeded"), await PostAsync(server, "/etcdserverpb.KV/Put", put, "50m"));
        Assert.Equal(("4", "Deadline Exceeded"), await PostAsync(server, "/etcdserverpb.KV/Put", put, "1n"));
    }

    [Fact]
    public async Task Calls_are_counted_as_those_of_the_library_are()
    {
        await using ApiServer server = await ApiServer.StartAsync(o => o.AnswerOnConnection = false);
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        await client.FailAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", new());
        await client.FailAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", new(), Odd);
        MethodCounters counters = server.Services.GetRequiredService<CallMetrics>().Begin(
            "/etcdserverpb.KV/Put", "unary");
        Assert.Equal(4, counters.Started);
        Assert.Equal(2, counters.Handled(StatusCode.InvalidArgument));
    }

    [Fact]
    public async Task Where_the_host_has_an_interceptor_every_call_goes_through_it()
    {
        await using ApiServer server = await ApiServer.StartAsync(o => o.AnswerOnConnection = false);
        GrpcServiceOptions options = server.Services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value;
        Assert.NotSame(Library, Applied(options));
        GrpcServiceOptions others = new();
        others.Interceptors.Add<Passing>();
        Assert.Same(Library, Applied(others));

        RequestDelegate? Applied(GrpcServiceOptions given)
        {
            IServiceProvider services = server.Services;
            RouteEndpointBuilder endpoint = new(Library, RoutePatternFactory.Parse("/etcdserverpb.KV/Put"), 0);
            GrpcMethodMetadata metadata = services.GetServices<EndpointDataSource>()
                .SelectMany(source => source.Endpoints)
                .Select(found => found.Metadata.GetMetadata<GrpcMethodMetadata>())
                .First(found => found?.Method.FullName == "/etcdserverpb.KV/Put")!;
            endpoint.Metadata.Add(metadata);
            new PlainCalls(
                services.GetRequiredService<EtcdMember>(),
                services.GetRequiredService<CallMetrics>(),
                services.GetRequiredService<KvHandler>(),
                services.GetRequiredService<LeaseHandler>(),
                Options.Create(given),
                TimeProvider.System).Apply(endpoint);
            return endpoint.RequestDelegate;
        }
    }

    [Theory]
    [InlineData("1S", 1000)]
    [InlineData("250m", 250)]
    [InlineData("2M", 120_000)]
    [InlineData("3000u", 3)]
    [InlineData("9000000n", 9)]
    [InlineData("1H", 3_600_000)]
    public void Times_are_read(string text, int milliseconds)
    {
        Assert.True(PlainHeaders.TryRead(Call("grpc-timeout", text), out TimeSpan? timeout));
        Assert.Equal(milliseconds, timeout!.Value.TotalMilliseconds);
    }

    [Theory]
    [InlineData("grpc-timeout", "2H")]
    [InlineData("grpc-timeout", "1")]
    [InlineData("grpc-timeout", "-1S")]
    [InlineData("grpc-timeout", "123456789S")]
    [InlineData("grpc-timeout", "1x")]
    [InlineData("grpc-encoding", "gzip")]
    [InlineData("content-type", "application/grpc-web")]
    [InlineData("hasleader", "true")]
    [InlineData("authorization", "token")]
    [InlineData("token", "token")]
    [InlineData("coord-session", "1.2.3.4")]
    public void Whatever_means_something_is_left_to_the_library(string name, string value)
    {
        Assert.True(PlainHeaders.TryRead(Call("user-agent", "someone"), out _));
        Assert.False(PlainHeaders.TryRead(Call(name, value), out _));
    }

    [Fact]
    public void A_call_that_does_not_say_what_it_carries_is_left_to_the_library()
    {
        HttpRequest request = Call("user-agent", "someone");
        request.Headers.Remove("content-type");
        Assert.False(PlainHeaders.TryRead(request, out _));
    }

    /// <summary>Of calls past the library, and of those that are left to it: an odd header makes them so.</summary>
    [Theory]
    [InlineData("KV/Put", "user-agent")]
    [InlineData("KV/Put", "nobody-knows")]
    [InlineData("Lease/LeaseGrant", "user-agent")]
    public async Task A_call_whose_time_is_over_before_its_message_is_whole_is_told_so(string method, string header)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        foreach (byte[] sent in (byte[][])[[], [0, 0], [0, 0, 0, 0, 9], [0, 0, 0, 0, 9, 1]])
        {
            using OpenBody body = new(sent);
            using HttpRequestMessage request = Request($"/etcdserverpb.{method}", body);
            request.Headers.TryAddWithoutValidation(header, "x");
            request.Headers.Add("grpc-timeout", "100m");
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
            using HttpResponseMessage response =
                await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            Assert.Equal("4", response.Headers.GetValues("grpc-status").Single());
        }
    }

    [Fact]
    public async Task A_second_message_is_refused_although_the_client_does_not_end_the_call()
    {
        await using ApiServer server = await ApiServer.StartAsync(o => o.AnswerOnConnection = false);
        using HttpClient http = new() { BaseAddress = server.Address };
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        using OpenBody body = new([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        using HttpRequestMessage request = Request("/etcdserverpb.KV/Put", body);
        using HttpResponseMessage response =
            await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.Equal("13", response.Headers.GetValues("grpc-status").Single());
    }

    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("100 %", "100 %25")]
    [InlineData("über\n", "%C3%BCber%0A")]
    public void Texts_of_errors_are_encoded(string text, string encoded) =>
        Assert.Equal(encoded, PlainStatus.Encode(text));

    private static HttpRequest Call(string header, string value)
    {
        HttpRequest request = new DefaultHttpContext().Request;
        request.Protocol = "HTTP/2";
        request.Method = "POST";
        request.Headers.ContentType = "application/grpc";
        request.Headers[header] = value;
        return request;
    }

    private static async Task<(string Status, string Text)> PostAsync(
        ApiServer server, string path, byte[] message, string timeout)
    {
        using HttpClient http = new() { BaseAddress = server.Address };
        using ByteArrayContent body = new([0, 0, 0, 0, (byte)message.Length, .. message]);
        using HttpRequestMessage request = Request(path, body);
        request.Headers.Add("grpc-timeout", timeout);
        using HttpResponseMessage response = await http.SendAsync(request);
        await response.Content.LoadIntoBufferAsync();
        HttpResponseHeaders headers = response.Headers;
        return (headers.GetValues("grpc-status").Single(), headers.GetValues("grpc-message").Single());
    }

    private static HttpRequestMessage Request(string path, HttpContent body)
    {
        body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
    }

    private sealed class Passing : Interceptor;

    /// <summary>Sends some bytes, and then neither more nor the end until it is disposed.</summary>
    private sealed class OpenBody(byte[] bytes) : HttpContent
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes);
            await stream.FlushAsync();
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            _end.TrySetResult();
            base.Dispose(disposing);
        }
    }
}
