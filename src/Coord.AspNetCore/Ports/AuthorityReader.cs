using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Coord.AspNetCore.Ports;

/// <summary>
/// The bytes of an HTTP/2 connection, with authorities as they should be; see <see cref="AuthorityScan"/>.
/// </summary>
/// <remarks>
/// Only the first call of a connection shows what its client does. Until then the bytes are copied on; if that call is
/// sound, whoever reads is handed to the connection itself and nothing is copied any more, and if it is not, all
/// further bytes are looked at.
/// </remarks>
internal sealed class AuthorityReader : PipeReader
{
    private const int HeaderBytes = 9;
    private const int MaxFrameBytes = 16 * 1024;
    private const byte HeadersFrame = 1;
    private const byte EndHeaders = 0x4;
    private const byte Padded = 0x8;
    private const byte HasPriority = 0x20;

    private readonly PipeReader _inner;
    private readonly Pipe _pipe = new(new PipeOptions(useSynchronizationContext: false));
    private readonly Task _pump;
    private long _passing;
    private bool _isRewriting;
    private bool _isSound;
    private bool _isHandedOver;

    private PipeReader Current => _isHandedOver ? _inner : _pipe.Reader;

    /// <param name="inner">The connection, at its preface.</param>
    /// <param name="prefaceBytes">The length of the preface.</param>
    public AuthorityReader(PipeReader inner, int prefaceBytes)
    {
        (_inner, _passing) = (inner, prefaceBytes);
        _pump = Task.Run(PumpAsync);
    }

    /// <summary>Ends the copying; after the connection was served.</summary>
    public async ValueTask StopAsync()
    {
        await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
        if (!_pump.IsCompleted)
            _inner.CancelPendingRead();
        await _pump.ConfigureAwait(false);
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        _isHandedOver ? _inner.ReadAsync(cancellationToken) : ReadCopiedAsync(cancellationToken);

    public override bool TryRead(out ReadResult result)
    {
        if (_isHandedOver)
            return _inner.TryRead(out result);
        if (!_pipe.Reader.TryRead(out result))
            return false;
        if (TryHandOver(result))
            return _inner.TryRead(out result);

        result = Present(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => Current.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) =>
        Current.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => Current.CancelPendingRead();

    public override void Complete(Exception? exception = null) => Current.Complete(exception);

    private async ValueTask<ReadResult> ReadCopiedAsync(CancellationToken cancellationToken)
    {
        ReadResult result = await _pipe.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return TryHandOver(result)
            ? await _inner.ReadAsync(cancellationToken).ConfigureAwait(false)
            : Present(result);
    }

    /// <summary>Notices that all that was copied has been read, and that the connection can be read instead.</summary>
    private bool TryHandOver(in ReadResult result)
    {
        if (!_isSound || !result.IsCompleted || result.IsCanceled || !result.Buffer.IsEmpty)
            return false;

        _pipe.Reader.AdvanceTo(result.Buffer.End);
        _isHandedOver = true;
        return true;
    }

    /// <summary>The end of the copying is not that of the connection.</summary>
    private ReadResult Present(in ReadResult result) =>
        new(result.Buffer, result.IsCanceled, result.IsCompleted && !_isSound);

    private async Task PumpAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                ReadResult read = await _inner.ReadAsync().ConfigureAwait(false);
                SequencePosition consumed = Forward(read.Buffer);
                _inner.AdvanceTo(consumed, _isSound ? consumed : read.Buffer.End);
                if (_isSound || read.IsCompleted || read.IsCanceled)
                    break;
                if ((await _pipe.Writer.FlushAsync().ConfigureAwait(false)).IsCompleted)
                    break;
            }
        }
#pragma warning disable CA1031 // Whatever ended the connection is for its reader to judge.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        await _pipe.Writer.CompleteAsync(failure).ConfigureAwait(false);
    }

    private SequencePosition Forward(ReadOnlySequence<byte> bytes)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        while (!bytes.IsEmpty && !_isSound)
        {
            if (_passing > 0)
            {
                long length = Math.Min(_passing, bytes.Length);
                Write(bytes.Slice(0, length));
                _passing -= length;
                bytes = bytes.Slice(length);
                continue;
            }

            if (bytes.Length < HeaderBytes)
                break;

            bytes.Slice(0, HeaderBytes).CopyTo(header);
            int size = (int)(BinaryPrimitives.ReadUInt32BigEndian(header) >> 8);
            if (header[3] == HeadersFrame && size <= MaxFrameBytes)
            {
                if (bytes.Length < HeaderBytes + size)
                    break;

                byte[] payload = bytes.Slice(HeaderBytes, size).ToArray();
                byte[]? rewritten = RewriteHeaders(header[4], payload);
                _isRewriting |= rewritten is not null;
                _isSound = !_isRewriting;
                WriteFrame(header, rewritten ?? payload);
                bytes = bytes.Slice(HeaderBytes + size);
            }
            else
            {
                _passing = HeaderBytes + size;
            }
        }

        return bytes.Start;
    }

    /// <summary>Rewrites the payload of a frame of headers; null if it stays as it is.</summary>
    private static byte[]? RewriteHeaders(byte flags, ReadOnlySpan<byte> payload)
    {
        int padded = (flags & Padded) != 0 ? 1 : 0;
        int begin = padded + ((flags & HasPriority) != 0 ? 5 : 0);
        if ((flags & EndHeaders) == 0 || payload.Length < begin)
            return null;

        int end = payload.Length - (padded == 1 ? payload[0] : 0);
        if (end < begin || AuthorityScan.Rewrite(payload[begin..end]) is not { } block)
            return null;

        return block.Length + begin > MaxFrameBytes ? null : [.. payload[..begin], .. block, .. payload[end..]];
    }

    private void WriteFrame(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        Span<byte> destination = _pipe.Writer.GetSpan(HeaderBytes + payload.Length);
        BinaryPrimitives.WriteUInt32BigEndian(destination, ((uint)payload.Length << 8) | header[3]);
        header[4..].CopyTo(destination[4..]);
        payload.CopyTo(destination[HeaderBytes..]);
        _pipe.Writer.Advance(HeaderBytes + payload.Length);
    }

    private void Write(ReadOnlySequence<byte> bytes)
    {
        foreach (ReadOnlyMemory<byte> piece in bytes)
            _pipe.Writer.Write(piece.Span);
    }
}
