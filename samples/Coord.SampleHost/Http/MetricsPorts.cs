using Coord.SampleHost.Configuration;

namespace Coord.SampleHost.Http;

/// <summary>Keeps the ports of --listen-metrics-urls to what they are for: whoever may look may not write.</summary>
internal sealed class MetricsPorts(HostSettings settings)
{
    private readonly HashSet<int> _ports =
    [
        .. settings.MetricsListen.Select(url => url.Port).Except(settings.ClientListen.Select(url => url.Port)),
    ];

    /// <summary>Tells whether a request came at one of them.</summary>
    public bool Has(HttpContext context) => _ports.Contains(context.Connection.LocalPort);

    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        !Has(context) || context.Request.Path.Value is "/metrics" or "/health"
            ? next(context) : EtcdApi.NotFoundAsync(context);
}
