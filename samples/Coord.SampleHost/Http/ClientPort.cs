using Coord.Kv;
using Coord.SampleHost.Configuration;
using Coord.SampleHost.Node;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Coord.SampleHost.Http;

/// <summary>Builds the web application that answers clients.</summary>
internal static class ClientPort
{
    /// <summary>Room for a gRPC message that is somewhat too large, which is to be told so.</summary>
    private const int BodySlackBytes = 1 << 20;

    public static WebApplication Build(HostSettings settings, CoordNode node)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Logging.Configure(builder.Logging, settings.LogLevel, settings.JsonLogs);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(node);
        builder.Services.AddSingleton<IKeyValueStore>(node.Store);
        builder.Services.AddSingleton(node.Store);
        builder.Services.AddSingleton(node.Raft);
        builder.Services.AddCoordEtcdApi(options => EtcdApi.Configure(options, settings));
        builder.Services.AddSingleton<NodeService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<NodeService>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.WebHost.UseKestrelCore();

        // To wake a thread takes longer than a call does, and nothing that answers one blocks.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        ClientCertificates? certificates = settings.ClientListen.Concat(settings.MetricsListen).Any(url => url.IsTls)
            ? new ClientCertificates(settings)
            : null;
        if (certificates is not null)
            builder.WebHost.UseKestrelHttpsConfiguration();

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.MaxRequestBytes + BodySlackBytes;
            kestrel.Limits.MaxConcurrentConnections = Descriptors.ForClients();
            foreach (PortUrl url in settings.ClientListen.Concat(settings.MetricsListen))
                Listen(kestrel, url, certificates);

            // After the ports, which lift it.
            if (settings.MaxConcurrentStreams is { } streams)
                kestrel.Limits.Http2.MaxStreamsPerConnection = streams;
        });

        WebApplication application = builder.Build();
        application.Use(Failures.InvokeAsync);
        MetricsPorts metrics = new(settings);
        application.Use(metrics.InvokeAsync);
        application.UseWhen(
            context => !metrics.Has(context), clients => clients.Use(new CrossOrigin(settings).InvokeAsync));
        application.UseRouting();
        application.Use(NotFoundAsync);
        application.MapCoordEtcdApi();
        application.MapCoordDiscovery("/discovery", options =>
            options.CreationSecret = settings.Discovery.CreationSecret);
        KeyValueRoutes.Map(application);
        WatchRoute.Map(application);
        StatusRoutes.Map(application);
        return application;
    }

    private static Task NotFoundAsync(HttpContext context, RequestDelegate next) => context.GetEndpoint() is not null
        ? next(context)
        : EtcdApi.NotFoundAsync(context);

    private static void Listen(KestrelServerOptions kestrel, PortUrl url, ClientCertificates? certificates)
    {
        void Configure(ListenOptions options)
        {
            if (url.IsTls)
                options.UseHttps(certificates!.Configure);
            options.UseCoordProtocols();
        }

        if (url.BindAddress() is { } address)
            kestrel.Listen(address, url.Port, Configure);
        else
            kestrel.ListenLocalhost(url.Port, Configure);
    }
}
