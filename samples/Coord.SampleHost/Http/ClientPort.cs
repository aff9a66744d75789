using Coord.SampleHost.Configuration;
using Coord.SampleHost.Node;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Coord.SampleHost.Http;

/// <summary>Builds the web application that answers clients.</summary>
internal static class ClientPort
{
    /// <summary>Room for the head of a request beside a value of the largest size.</summary>
    private const int BodySlackBytes = 64 << 10;

    public static WebApplication Build(HostSettings settings, CoordNode node)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Logging.Configure(builder.Logging, settings.LogLevel, settings.JsonLogs);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(node);
        builder.Services.AddSingleton(node.Store);
        builder.Services.AddSingleton<NodeService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<NodeService>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.WebHost.UseKestrelCore();
        ClientCertificates? certificates = settings.ClientListen.Any(url => url.IsTls)
            ? new ClientCertificates(settings)
            : null;
        if (certificates is not null)
            builder.WebHost.UseKestrelHttpsConfiguration();

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.MaxRequestBytes + BodySlackBytes;
            foreach (PortUrl url in settings.ClientListen)
                Listen(kestrel, url, certificates);
        });

        WebApplication application = builder.Build();
        application.Use(Failures.InvokeAsync);
        application.UseRouting();
        application.Use(NotFoundAsync);
        KeyValueRoutes.Map(application);
        WatchRoute.Map(application);
        StatusRoutes.Map(application);
        return application;
    }

    private static Task NotFoundAsync(HttpContext context, RequestDelegate next) => context.GetEndpoint() is not null
        ? next(context)
        : Answer.WriteAsync(
            context, new ErrorJson($"There is no {context.Request.Path} here."), StatusCodes.Status404NotFound);

    private static void Listen(KestrelServerOptions kestrel, PortUrl url, ClientCertificates? certificates)
    {
        void Configure(ListenOptions options)
        {
            if (url.IsTls)
                options.UseHttps(certificates!.Configure);
        }

        if (url.BindAddress() is { } address)
            kestrel.Listen(address, url.Port, Configure);
        else
            kestrel.ListenLocalhost(url.Port, Configure);
    }
}
