using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Coord.Transport.Connections;

namespace Coord.Transport.Discovery;

/// <summary>Asks name servers for services: over UDP, and over TCP where an answer does not fit.</summary>
internal sealed class DnsClient(TimeProvider timeProvider, Entropy entropy)
{
    private const int Rounds = 2;
    private const int DatagramBytes = 4_096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <exception cref="IOException">No server gave an answer.</exception>
    public async Task<IReadOnlyList<ServiceRecord>> FindServiceAsync(
        IReadOnlyList<IPEndPoint> servers, string name, CancellationToken cancellationToken)
    {
        string problem = "there is no name server";
        for (int round = 0; round < Rounds; round++)
        {
            foreach (IPEndPoint server in servers)
            {
                byte[] question = DnsMessage.TryEncode((ushort)entropy.Next(), name)
                    ?? throw new IOException($"'{MemberList.Shown(name)}' is no name that DNS could have.");
                try
                {
                    if (await AskAsync(server, question, cancellationToken).ConfigureAwait(false) is { } records)
                        return records;

                    problem = $"{server} cannot answer";
                }
                catch (Exception exception) when (
                    exception is SocketException or IOException
                    || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
                {
                    problem = exception is OperationCanceledException
                        ? $"{server} did not answer in time"
                        : $"{server}: {exception.Message.TrimEnd('.')}";
                }
            }
        }

        throw new IOException($"{MemberList.Shown(name)} cannot be looked up: {problem}.");
    }

    private async Task<IReadOnlyList<ServiceRecord>?> AskAsync(
        IPEndPoint server, byte[] question, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(Patience, timeProvider);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        List<ServiceRecord> records = [];
        DnsMessage.Verdict verdict =
            await AskByDatagramAsync(server, question, records, either.Token).ConfigureAwait(false);
        if (verdict is DnsMessage.Verdict.Truncated)
            verdict = await AskByStreamAsync(server, question, records, either.Token).ConfigureAwait(false);
        return verdict is DnsMessage.Verdict.Answer ? records : null;
    }

    private static async Task<DnsMessage.Verdict> AskByDatagramAsync(
        IPEndPoint server, byte[] question, List<ServiceRecord> records, CancellationToken cancellationToken)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        await socket.SendAsync(question, cancellationToken).ConfigureAwait(false);
        byte[] buffer = new byte[DatagramBytes];
        while (true)
        {
            int length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            DnsMessage.Verdict verdict = DnsMessage.Decode(buffer.AsSpan(0, length), question, records);

            // What is no answer to this question does not end the wait for the one that is.
            if (verdict is not DnsMessage.Verdict.Foreign)
                return verdict;
        }
    }

    private static async Task<DnsMessage.Verdict> AskByStreamAsync(
        IPEndPoint server, byte[] question, List<ServiceRecord> records, CancellationToken cancellationToken)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        NetworkStream stream = new(socket);
        await using (stream.ConfigureAwait(false))
        {
            byte[] framed = new byte[question.Length + 2];
            BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)question.Length);
            question.CopyTo(framed, 2);
            await stream.WriteAsync(framed, cancellationToken).ConfigureAwait(false);
            byte[] buffer = new byte[DnsMessage.MaxBytes];
            await stream.ReadExactlyAsync(buffer.AsMemory(0, 2), cancellationToken).ConfigureAwait(false);
            int length = BinaryPrimitives.ReadUInt16BigEndian(buffer);
            await stream.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            return DnsMessage.Decode(buffer.AsSpan(0, length), question, records);
        }
    }
}
