using System.Diagnostics.CodeAnalysis;
using Coord.AspNetCore.Handlers;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>Takes the methods of a service and passes them on; a malformed message they call what Go does.</summary>
internal sealed class EtcdBinder<[DynamicallyAccessedMembers(
    DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods
    | DynamicallyAccessedMemberTypes.NonPublicMethods)] TShown>(ServiceMethodProviderContext<TShown> context)
    : ServiceBinderBase
    where TShown : class
{
    private const string OfUnary = "grpc: error unmarshalling request: ";
    private const string OfStream = "grpc: failed to unmarshal the received message ";

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        context.AddUnaryMethod(
            Strict(method, OfUnary), [], (_, request, call) => handler!(request, call));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        context.AddServerStreamingMethod(
            Strict(method, OfStream), [], (_, request, responses, call) => handler!(request, responses, call));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        context.AddDuplexStreamingMethod(
            Strict(method, OfStream), [], (_, requests, responses, call) => handler!(requests, responses, call));

    private static Method<TRequest, TResponse> Strict<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string complaint)
    {
        Marshaller<TRequest> requests = method.RequestMarshaller;
        return new Method<TRequest, TResponse>(
            method.Type,
            method.ServiceName,
            method.Name,
            new Marshaller<TRequest>(requests.ContextualSerializer, Deserialize),
            method.ResponseMarshaller);

        TRequest Deserialize(DeserializationContext message)
        {
            try
            {
                return requests.ContextualDeserializer(message);
            }
            catch (InvalidProtocolBufferException exception)
            {
                throw EtcdError.Malformed(complaint + exception.Message).ToRpcException();
            }
        }
    }
}
