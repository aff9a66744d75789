using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Google.Protobuf;

namespace Coord.AspNetCore.Tests;

/// <summary>A response of a watch is cut without loss, in order, and each part says whether more follows.</summary>
public sealed class WatchFragmentsTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 4)]
    [InlineData(100, 34)]
    public void Parts_are_below_the_limit_and_together_the_whole(int events, int parts)
    {
        WatchResponse whole = new() { WatchId = 7, Header = new ResponseHeader { Revision = 9 } };
        for (int i = 0; i < events; i++)
            whole.Events.Add(Event(i, 300));
        List<Event> expected = [.. whole.Events];
        List<WatchResponse> cut = [.. WatchFragments.Split(whole, 1100)];

        Assert.Equal(parts, cut.Count);
        Assert.Equal(expected, cut.SelectMany(part => part.Events));
        Assert.All(cut, part => Assert.InRange(part.CalculateSize(), 1, 1100));
        Assert.All(cut, part => Assert.Equal((7, 9), (part.WatchId, part.Header.Revision)));
        Assert.All(cut.SkipLast(1), part => Assert.True(part.Fragment));
        Assert.False(cut[^1].Fragment);
    }

    [Fact]
    public void An_event_that_is_too_large_goes_alone()
    {
        WatchResponse whole = new() { Events = { Event(1, 10), Event(2, 5000), Event(3, 10) } };
        Assert.Equal([1, 1, 1], WatchFragments.Split(whole, 1000).Select(part => part.Events.Count));
    }

    private static Event Event(int key, int bytes) => new()
    {
        Kv = new KeyValue { Key = ByteString.CopyFromUtf8($"{key}"), Value = ByteString.CopyFrom(new byte[bytes]) },
    };
}
