using System.Buffers;
using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>Takes the frames of one connection, in their order.</summary>
internal interface IFrameHandler
{
    /// <summary>Handles a frame; must not block.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="payload">Its payload, valid during the call.</param>
    /// <exception cref="ConnectionClosedException">The connection is to end, with the reason.</exception>
    void OnFrame(in FrameHeader header, in ReadOnlySequence<byte> payload);

    /// <summary>Takes note that all frames that have arrived were handed over; must not block.</summary>
    void OnPause();
}
