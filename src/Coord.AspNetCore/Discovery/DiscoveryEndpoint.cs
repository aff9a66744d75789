using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Coord.AspNetCore.Diagnostics;
using Coord.AspNetCore.Http;
using Coord.Kv;
using Coord.Raft;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coord.AspNetCore.Discovery;

/// <summary>The requests of etcd's public discovery service, on tokens in the store.</summary>
internal sealed class DiscoveryEndpoint(
    Registry registry, DiscoveryServiceOptions options, string path, TimeProvider timeProvider,
    IHostApplicationLifetime lifetime, ILogger<DiscoveryEndpoint> logger)
{
    private const string IndexHeader = "X-Etcd-Index";
    private const string NotFoundText = "404 page not found\n";
    private const int MaxBodyBytes = 64 << 10;
    private const int MaxValueLength = 4_096;
    private const int ShownDigits = 4;
    private const int ShownLength = 32;

    private readonly RateGate _creations = new(options.MaxCreationsPerMinute, timeProvider);
    private readonly RateGate _registrations = new(options.MaxRegistrationsPerMinute, timeProvider);
    private int _waiters;

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
        }
        catch (Exception exception) when (exception is BadHttpRequestException or InvalidDataException)
        {
            await TextAsync(context, StatusCodes.Status400BadRequest, "The form cannot be read.\n")
                .ConfigureAwait(false);
        }
        catch (CoordException exception) when (!context.Response.HasStarted)
        {
            // No quorum now, for example: all clients try again.
            Log.DiscoveryFailed(logger, exception.Message);
            context.Response.Headers.RetryAfter = "1";
            await TextAsync(context, StatusCodes.Status503ServiceUnavailable, "The store does not answer at present.\n")
                .ConfigureAwait(false);
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        string asked = context.Request.RouteValues["path"] as string ?? "";
        if (asked == "new")
        {
            await CreateAsync(context).ConfigureAwait(false);
            return;
        }

        if (!TokenPath.TryParse(asked, out TokenPath target))
        {
            await TextAsync(context, StatusCodes.Status404NotFound, NotFoundText).ConfigureAwait(false);
            return;
        }

        string method = context.Request.Method;
        bool isMember = target.Member.Length > 0;
        if (method == HttpMethods.Get && context.Request.Query["wait"] == "true" && !target.IsSize)
            await WaitAsync(context, target).ConfigureAwait(false);
        else if (method == HttpMethods.Get)
            await ReadAsync(context, target).ConfigureAwait(false);
        else if (method == HttpMethods.Put && isMember)
            await RegisterAsync(context, target).ConfigureAwait(false);
        else if (method == HttpMethods.Delete && isMember)
            await DeleteAsync(context, target).ConfigureAwait(false);
        else
            await RefuseMethodAsync(context, isMember).ConfigureAwait(false);
    }

    private async Task CreateAsync(HttpContext context)
    {
        if (!IsAuthorized(context.Request))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await TextAsync(context, StatusCodes.Status401Unauthorized, "Creating tokens needs the bearer secret.\n")
                .ConfigureAwait(false);
            return;
        }

        if (await IsTooOftenAsync(context, _creations).ConfigureAwait(false))
            return;

        IFormCollection? form = await ReadFormAsync(context).ConfigureAwait(false);
        string? given = form?["size"].FirstOrDefault() ?? context.Request.Query["size"].FirstOrDefault();
        int size = options.DefaultSize;
        bool isSize = string.IsNullOrEmpty(given)
            || int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out size);
        if (!isSize || size < 1 || size > options.MaxSize)
        {
            string shown = string.Concat(given!.Take(ShownLength).Select(c => char.IsControl(c) ? ' ' : c));
            await TextAsync(
                context, StatusCodes.Status400BadRequest,
                $"size is '{shown}'; it must be a whole number from 1 to {options.MaxSize}.\n").ConfigureAwait(false);
            return;
        }

        DateTimeOffset expires = timeProvider.GetUtcNow() + options.TimeToLive;
        string token = await registry.CreateAsync(size, context.RequestAborted).ConfigureAwait(false);
        Log.TokenCreated(logger, token[^ShownDigits..], size);
        string url = $"{BaseOf(context)}/{token}";
        if (context.Request.Headers.Accept.ToString().Contains(PlainAnswer.Json, StringComparison.Ordinal))
        {
            string json = $$"""{"url":"{{JsonEncodedText.Encode(url)}}","token":"{{token}}","size":{{size}},"""
                + $"\"expires\":\"{expires.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\"}}";
            await PlainAnswer.WriteAsync(context, StatusCodes.Status200OK, PlainAnswer.Json, json)
                .ConfigureAwait(false);
            return;
        }

        await TextAsync(context, StatusCodes.Status200OK, url).ConfigureAwait(false);
    }

    private async Task ReadAsync(HttpContext context, TokenPath target)
    {
        RegistryView view = await registry.ReadAsync(target.Token, context.RequestAborted).ConfigureAwait(false);
        if (view.Size is not { } size)
            await RefuseAsync(context, view.Absence, target, view.Revision).ConfigureAwait(false);
        else if (target.IsSize)
            await SendEventAsync(context, 200, "get", target, size, view.Revision).ConfigureAwait(false);
        else if (target.Member.Length == 0)
            await SendDirectoryAsync(context, target, view).ConfigureAwait(false);
        else if (view.Find(target.Token, target.Member) is { } member)
            await SendEventAsync(context, 200, "get", target, member, view.Revision).ConfigureAwait(false);
        else
            await UnknownAsync(context, NameOf(target), view.Revision).ConfigureAwait(false);
    }

    private static Task SendDirectoryAsync(HttpContext context, TokenPath target, RegistryView view) => SendAsync(
        context, StatusCodes.Status200OK,
        V2Json.Directory(Registry.NameOf(target.Token), view, member => Registry.NameOf(
            target.Token, member.KeyString[Registry.MemberPrefix(target.Token).Length..])),
        view.Revision);

    private async Task RegisterAsync(HttpContext context, TokenPath target)
    {
        if (await IsTooOftenAsync(context, _registrations).ConfigureAwait(false))
            return;

        IFormCollection? form = await ReadFormAsync(context).ConfigureAwait(false);
        string value = form?["value"].FirstOrDefault() ?? context.Request.Query["value"].FirstOrDefault() ?? "";
        if (value.Length is 0 or > MaxValueLength)
        {
            string cause = $"value has {value.Length} characters; it must have from 1 to {MaxValueLength}";
            await SendAsync(
                context, StatusCodes.Status400BadRequest, V2Json.Error(V2Json.InvalidField, cause, default), default)
                .ConfigureAwait(false);
            return;
        }

        // Not the request's token: a client that hangs up does not undo the write, so the answer stays true.
        (Registry.Outcome outcome, Revision at) = await registry
            .RegisterAsync(target.Token, target.Member, value, CancellationToken.None).ConfigureAwait(false);
        if (outcome is Registry.Outcome.Done)
        {
            Log.MemberRegistered(logger, target.Token[^ShownDigits..], target.Member);
            KeyValue created = new(default, Encoding.UTF8.GetBytes(value), at, at, 1);
            await SendEventAsync(context, StatusCodes.Status201Created, "create", target, created, at)
                .ConfigureAwait(false);
            return;
        }

        await RefuseAsync(context, outcome, target, at).ConfigureAwait(false);
    }

    private async Task DeleteAsync(HttpContext context, TokenPath target)
    {
        if (await IsTooOftenAsync(context, _registrations).ConfigureAwait(false))
            return;

        (Registry.Outcome outcome, Revision at, KeyValue? before) = await registry
            .DeleteAsync(target.Token, target.Member, CancellationToken.None).ConfigureAwait(false);
        if (before is null)
            await RefuseAsync(context, outcome, target, at).ConfigureAwait(false);
        else
            await SendAsync(context, 200, V2Json.Deleted(NameOf(target), before, at), at).ConfigureAwait(false);
    }

    private static Task RefuseAsync(
        HttpContext context, Registry.Outcome outcome, TokenPath target, Revision at) => outcome switch
        {
            Registry.Outcome.Exists => SendAsync(
                context, StatusCodes.Status412PreconditionFailed,
                V2Json.Error(V2Json.KeyExists, NameOf(target), at), at),
            Registry.Outcome.Full => SendAsync(
                context, StatusCodes.Status403Forbidden,
                V2Json.Error(V2Json.NoMorePeers, Registry.NameOf(target.Token), at), at),
            Registry.Outcome.UnknownMember => UnknownAsync(context, NameOf(target), at),
            _ => UnknownAsync(
                context, Registry.NameOf(target.Token), at, isExpired: outcome is Registry.Outcome.ExpiredToken),
        };

    /// <summary>Answers with one event, or with nothing if there is none for long or the host stops.</summary>
    private async Task WaitAsync(HttpContext context, TokenPath target)
    {
        if (Interlocked.Increment(ref _waiters) > options.MaxWaiters)
        {
            Interlocked.Decrement(ref _waiters);
            await TooManyAsync(context, TimeSpan.FromSeconds(1)).ConfigureAwait(false);
            return;
        }

        try
        {
            RegistryView view = await registry.ReadAsync(target.Token, context.RequestAborted).ConfigureAwait(false);
            if (view.Size is null)
            {
                await RefuseAsync(context, view.Absence, target, view.Revision).ConfigureAwait(false);
                return;
            }

            await PollAsync(context, target, view.Revision).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiters);
        }
    }

    private async Task PollAsync(HttpContext context, TokenPath target, Revision now)
    {
        bool hasIndex = long.TryParse(
            context.Request.Query["waitIndex"], NumberStyles.None, CultureInfo.InvariantCulture, out long from);
        using CancellationTokenSource late = new(options.LongPollTimeout, timeProvider);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(
            late.Token, context.RequestAborted, lifetime.ApplicationStopping);

        // The headers go first, so that the client knows that it is heard however long the rest takes.
        context.Response.ContentType = PlainAnswer.Json;
        context.Response.Headers[IndexHeader] = now.Value.ToString(CultureInfo.InvariantCulture);
        await context.Response.StartAsync(any.Token).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(any.Token).ConfigureAwait(false);
        try
        {
            Revision first = new(hasIndex && from > 0 ? from : now.Value + 1);
            KeyValue news = await registry.WaitAsync(target.Token, target.Member, first, any.Token)
                .ConfigureAwait(false);
            string member = news.KeyString[Registry.MemberPrefix(target.Token).Length..];
            string action = news.Version == 1 ? "create" : "set";
            string json = V2Json.Event(action, Registry.NameOf(target.Token, member), news);
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(json), any.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException
            && !context.RequestAborted.IsCancellationRequested)
        {
            // The answer stays empty, and the client asks again.
        }
    }

    private static async ValueTask<IFormCollection?> ReadFormAsync(HttpContext context)
    {
        string type = context.Request.ContentType ?? "";
        if (!type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return null;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MaxBodyBytes;

        FormOptions bounds = new()
        {
            ValueCountLimit = 16,
            KeyLengthLimit = 256,
            ValueLengthLimit = 2 * MaxValueLength,
        };
        return await context.Request.ReadFormAsync(bounds, context.RequestAborted).ConfigureAwait(false);
    }

    private bool IsAuthorized(HttpRequest request)
    {
        if (options.CreationSecret is null)
            return true;

        const string Scheme = "Bearer ";
        string header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(
                SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim())),
                SHA256.HashData(Encoding.UTF8.GetBytes(options.CreationSecret)));
    }

    private static async ValueTask<bool> IsTooOftenAsync(HttpContext context, RateGate gate)
    {
        IPAddress? address = context.Connection.RemoteIpAddress;
        if (gate.TryTake(address?.ToString() ?? "unknown", out TimeSpan wait))
            return false;

        await TooManyAsync(context, wait).ConfigureAwait(false);
        return true;
    }

    private static Task TooManyAsync(HttpContext context, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter =
            Math.Ceiling(Math.Max(1, wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return TextAsync(context, StatusCodes.Status429TooManyRequests, "Too many requests; try again later.\n");
    }

    private string BaseOf(HttpContext context) => options.BaseUrl is { } url
        ? url.TrimEnd('/')
        : $"{context.Request.Scheme}://{HostOf(context)}{context.Request.PathBase}{path.TrimEnd('/')}";

    /// <summary>The host by which the client came; clients of HTTP/1.0 do not say it.</summary>
    private static string HostOf(HttpContext context) => context.Request.Host is { HasValue: true } host
        ? host.ToUriComponent()
        : new IPEndPoint(context.Connection.LocalIpAddress ?? IPAddress.Loopback, context.Connection.LocalPort)
            .ToString();

    private static string NameOf(TokenPath target) =>
        Registry.NameOf(target.Token, target.IsSize ? TokenPath.SizePath : target.Member);

    private static Task UnknownAsync(HttpContext context, string cause, Revision at, bool isExpired = false) =>
        SendAsync(
            context, StatusCodes.Status404NotFound, V2Json.Error(V2Json.KeyNotFound, cause, at, isExpired), at);

    private static Task SendEventAsync(
        HttpContext context, int status, string action, TokenPath target, KeyValue pair, Revision at) =>
        SendAsync(context, status, V2Json.Event(action, NameOf(target), pair), at);

    private static Task SendAsync(HttpContext context, int status, string json, Revision at)
    {
        context.Response.Headers[IndexHeader] = at.Value.ToString(CultureInfo.InvariantCulture);
        return PlainAnswer.WriteAsync(context, status, PlainAnswer.Json, json);
    }

    private static Task RefuseMethodAsync(HttpContext context, bool isMember)
    {
        context.Response.Headers.Allow = isMember ? "GET, PUT, DELETE" : HttpMethods.Get;
        return TextAsync(context, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed\n");
    }

    private static Task TextAsync(HttpContext context, int status, string text) =>
        PlainAnswer.WriteAsync(context, status, PlainAnswer.Text, text);
}
