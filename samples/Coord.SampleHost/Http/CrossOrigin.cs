using Coord.SampleHost.Configuration;

namespace Coord.SampleHost.Http;

/// <summary>Lets pages of other origins read answers, with the headers and in the places that etcd has them.</summary>
/// <remarks>
/// On every answer over HTTP, whether the request names an origin or not, and to OPTIONS on any path: a browser asks
/// so before it sends what is no simple request. gRPC has none of it.
/// </remarks>
internal sealed class CrossOrigin(HostSettings settings)
{
    private readonly bool _any = settings.CorsOrigins.Contains("*");

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
            return next(context);

        string origin = context.Request.Headers.Origin.ToString();
        if (_any || settings.CorsOrigins.Contains(origin))
        {
            IHeaderDictionary headers = context.Response.Headers;
            headers.AccessControlAllowMethods = "POST, GET, OPTIONS, PUT, DELETE";
            headers.AccessControlAllowOrigin = _any ? "*" : origin;
            headers.AccessControlAllowHeaders = "accept, content-type, authorization";
        }

        return HttpMethods.IsOptions(context.Request.Method) ? Task.CompletedTask : next(context);
    }
}
