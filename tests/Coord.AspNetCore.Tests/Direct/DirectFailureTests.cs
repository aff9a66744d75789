using System.IO.Pipelines;
using Coord.AspNetCore.Direct;
using Coord.AspNetCore.Ports;
using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Microsoft.Extensions.DependencyInjection;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;
using static Coord.AspNetCore.Tests.Harness.Http2Client;

namespace Coord.AspNetCore.Tests.Direct;

/// <summary>What becomes of calls whose connection fails while they are answered.</summary>
public sealed class DirectFailureTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_connection_that_can_send_no_more_for_an_odd_reason_ends_as_any_other()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        Pipe toServer = new(), toClient = new();
        DirectConnection connection = new(
            new AuthorityPipe(toServer.Reader, toClient.Writer), server.Services.GetRequiredService<DirectCalls>());
        connection.Start();
        await connection.ServerSide.Output.WriteAsync(Frame(Settings, 0, 0));
        await toClient.Reader.ReadAtLeastAsync(9);

        // As the sockets do it if the network is gone: a pipe then throws at whoever writes to it.
        await toClient.Reader.CompleteAsync(new IOException("The network is gone."));
        await toServer.Writer.WriteAsync((byte[])
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
            .. Frame(Settings, 0, 0),
            .. Frame(Headers, EndHeaders, 1, Block("/etcdserverpb.KV/Range")),
            .. Frame(Data, EndStream, 1, Body(new RangeRequest { Key = Utf8("a"), Serializable = true })),
        ]);
        await toServer.Writer.CompleteAsync();
        await connection.StopAsync().AsTask().WaitAsync(Patience);
    }
}
