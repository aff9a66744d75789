using Coord.Protocol.Etcd;
using Google.Protobuf;

namespace Coord.AspNetCore.Handlers;

/// <summary>Cuts a response of a watch into several, for clients that asked for it.</summary>
internal static class WatchFragments
{
    /// <summary>Room for what a response has besides events, and for the length of each event.</summary>
    private const int OverheadBytes = 64;

    /// <summary>Cuts between events; an event that is too large by itself goes alone.</summary>
    /// <param name="response">The whole; not to be used afterwards.</param>
    /// <param name="maxBytes">How large a part may be.</param>
    /// <returns>The parts, in order; all but the last say that more follows.</returns>
    public static IEnumerable<WatchResponse> Split(WatchResponse response, int maxBytes)
    {
        if (response.Events.Count < 2 || response.CalculateSize() < maxBytes)
        {
            yield return response;
            yield break;
        }

        WatchResponse part = Begin();
        long bytes = OverheadBytes;
        foreach (Event change in response.Events)
        {
            int size = change.CalculateSize() + CodedOutputStream.ComputeLengthSize(change.CalculateSize()) + 1;
            if (part.Events.Count > 0 && bytes + size >= maxBytes)
            {
                part.Fragment = true;
                yield return part;
                part = Begin();
                bytes = OverheadBytes;
            }

            part.Events.Add(change);
            bytes += size;
        }

        yield return part;

        WatchResponse Begin() => new() { Header = response.Header, WatchId = response.WatchId };
    }
}
