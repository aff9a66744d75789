using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>A service as the gRPC library is shown it: its methods, with marshallers of our own.</summary>
/// <remarks>
/// The library finds the methods of a service by what the generator wrote beside it, and what these throw for a message
/// that does not parse it takes for a crash: it logs an error with a stack for each, and answers with the code for
/// "unknown". Of this type it finds nothing by itself, so it asks it.
/// </remarks>
/// <param name="service">What answers.</param>
/// <param name="bind">Lists its methods, as the generator wrote it.</param>
internal sealed class EtcdService<TService>(TService service, Action<ServiceBinderBase, TService> bind)
    : IServiceMethodProvider<EtcdService<TService>>
    where TService : class
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<EtcdService<TService>> context) =>
        bind(new EtcdBinder<EtcdService<TService>>(context), service);
}
