using System.Buffers;
using System.IO.Pipelines;
using Coord.AspNetCore.Handlers;
using Grpc.Core;

namespace Coord.AspNetCore.Gateway;

/// <summary>The JSON values of one request's body, one after the other, each as soon as it is whole.</summary>
/// <remarks>
/// What follows a value is not waited for, and a body may stay open for as long as the call lasts. Holds one value at a
/// time, and refuses one that could only become a message that is too large. One caller at a time.
/// </remarks>
internal sealed class GatewayBody(PipeReader reader, int maxMessageBytes) : IDisposable
{
    /// <summary>
    /// How much longer than the binary encoding a value may be: a third more for base64, and much room for names and
    /// blanks.
    /// </summary>
    private const int JsonFactor = 4;

    private const int FirstBytes = 1024;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(FirstBytes);
    private int _length;

    /// <summary>Gets the value that was read. Valid until the next read.</summary>
    public ReadOnlySpan<byte> Value => _bytes.AsSpan(0, _length);

    /// <summary>Gets the largest message that may come of a value.</summary>
    public int MaxMessageBytes => maxMessageBytes;

    /// <summary>Makes what gRPC says of messages that are too large.</summary>
    public static RpcException TooLarge(long bytes, int maxBytes) =>
        EtcdError.MessageTooLarge(bytes, maxBytes).ToRpcException();

    /// <summary>Reads the next value.</summary>
    /// <returns>False at the end of the body.</returns>
    /// <exception cref="JsonFormatException">What comes is no JSON.</exception>
    /// <exception cref="RpcException">It is too large.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        JsonScanner scanner = default;
        _length = 0;
        while (true)
        {
            ReadResult result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            SequencePosition taken = result.Buffer.End;
            try
            {
                taken = Take(result.Buffer, ref scanner);
            }
            finally
            {
                reader.AdvanceTo(taken);
            }

            if (scanner.Ended)
                return true;
            if (!result.IsCompleted)
                continue;

            if (scanner.Finish())
                return true;
            return scanner.Started ? throw JsonFormatException.UnexpectedEnd() : false;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    private SequencePosition Take(ReadOnlySequence<byte> buffer, ref JsonScanner scanner)
    {
        long taken = 0;
        foreach (ReadOnlyMemory<byte> piece in buffer)
        {
            int count = scanner.Scan(piece.Span);
            taken += count;

            // Blanks between values may come for ever.
            if (scanner.Started)
                Append(piece.Span[..count]);
            if (scanner.Ended)
                break;
        }

        return buffer.GetPosition(taken);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        int length = _length + bytes.Length;
        if (length > (long)JsonFactor * maxMessageBytes)
            throw TooLarge(length, maxMessageBytes);

        if (length > _bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, _bytes.Length * 2));
            Value.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        bytes.CopyTo(_bytes.AsSpan(_length));
        _length = length;
    }
}
