using System.Buffers;
using Google.Protobuf;

namespace Coord.AspNetCore.Gateway;

/// <summary>Makes messages of JSON and JSON of messages, by way of the binary encoding.</summary>
internal static class GatewayCodec
{
    /// <summary>Makes a message of the value that a body holds.</summary>
    /// <exception cref="JsonFormatException">The value does not fit.</exception>
    /// <exception cref="Grpc.Core.RpcException">The message is too large.</exception>
    public static T Parse<T>(GatewayBody body, MessageParser<T> parser, MessageSchema schema)
        where T : IMessage<T>
    {
        using WireBuffer wire = new();
        JsonToProto.Translate(body.Value, schema, wire);

        // A stream, because only with one does the parser let messages nest as deep as transactions do.
        using CodedInputStream input = CodedInputStream.CreateWithLimits(
            wire.ToStream(), int.MaxValue, JsonToProto.MaxNesting + 1);
        T message = parser.ParseFrom(input);
        int size = message.CalculateSize();
        return size <= body.MaxMessageBytes ? message : throw GatewayBody.TooLarge(size, body.MaxMessageBytes);
    }

    /// <summary>Makes a message of the first value of a body; of an empty one a message without anything.</summary>
    /// <exception cref="JsonFormatException">The value does not fit.</exception>
    /// <exception cref="Grpc.Core.RpcException">The message is too large.</exception>
    public static async ValueTask<T> ReadAsync<T>(
        GatewayBody body, MessageParser<T> parser, MessageSchema schema, CancellationToken cancellationToken)
        where T : class, IMessage<T>, new() =>
        await body.ReadAsync(cancellationToken).ConfigureAwait(false) ? Parse(body, parser, schema) : new T();

    /// <summary>Writes a message as JSON.</summary>
    public static void Write(IMessage message, IBufferWriter<byte> output)
    {
        int size = message.CalculateSize();
        byte[] rented = ArrayPool<byte>.Shared.Rent(size);
        message.WriteTo(rented.AsSpan(0, size));
        ProtoToJson.Translate(rented.AsSpan(0, size), MessageSchema.Of(message.Descriptor), output);
        ArrayPool<byte>.Shared.Return(rented);
    }
}
