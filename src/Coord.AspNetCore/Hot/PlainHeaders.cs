using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Coord.AspNetCore.Hot;

/// <summary>Tells calls whose headers ask for nothing but perhaps an answer in time.</summary>
internal static class PlainHeaders
{
    private const string Timeout = "grpc-timeout";
    private const int MaxTimeoutDigits = 8;

    /// <summary>What is longer is left to the library, which knows what timers can do.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(1);

    /// <summary>Reads the headers of a call.</summary>
    /// <param name="request">The call.</param>
    /// <param name="timeout">How long its client waits, if it says so.</param>
    /// <returns>Whether there is nothing else in them that a server of unary calls would have to deal with.</returns>
    public static bool TryRead(HttpRequest request, out TimeSpan? timeout)
    {
        timeout = null;
        if (!HttpProtocol.IsHttp2(request.Protocol) || !HttpMethods.IsPost(request.Method)
            || request.ContentType != PlainStatus.ContentType)
        {
            return false;
        }

        foreach ((string name, StringValues value) in request.Headers)
        {
            if (Is(name, Timeout))
                timeout = ReadTimeout(value);
            else if (!SaysNothing(name, value))
                return false;
            if (timeout > MaxTimeout)
                return false;
        }

        return true;
    }

    /// <summary>Tells how long the client of a call waits; null if it does not say, or very long.</summary>
    public static TimeSpan? TimeoutOf(HttpRequest request) =>
        request.Headers.TryGetValue(Timeout, out StringValues value) && ReadTimeout(value) is var timeout
            && timeout <= MaxTimeout ? timeout : null;

    /// <summary>Reads a time: up to eight digits and a unit. What is malformed is longer than any.</summary>
    public static TimeSpan ReadTimeout(string? text)
    {
        if (text is not { Length: > 1 and <= MaxTimeoutDigits + 1 }
            || !long.TryParse(text.AsSpan()[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            return TimeSpan.MaxValue;
        }

        return text[^1] switch
        {
            'H' => TimeSpan.FromHours(count),
            'M' => TimeSpan.FromMinutes(count),
            'S' => TimeSpan.FromSeconds(count),
            'm' => TimeSpan.FromMilliseconds(count),
            'u' => TimeSpan.FromMicroseconds(count),
            'n' => TimeSpan.FromTicks(count / TimeSpan.NanosecondsPerTick),
            _ => TimeSpan.MaxValue,
        };
    }

    private static bool SaysNothing(string name, StringValues value) => name.Length switch
    {
        _ when name.StartsWith(':') => true,
        2 => Is(name, "te"),
        4 => Is(name, "host"),
        7 => Is(name, "baggage"),
        10 => Is(name, "user-agent") || Is(name, "tracestate"),
        11 => Is(name, "traceparent"),
        12 => Is(name, "content-type"),
        13 => Is(name, "grpc-encoding") && value == "identity",
        14 => Is(name, "content-length"),
        15 => Is(name, "accept-encoding"),
        18 => Is(name, "client-api-version"),
        20 => Is(name, "grpc-accept-encoding"),
        _ => false,
    };

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
