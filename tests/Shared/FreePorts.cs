using System.Net;
using System.Net.Sockets;

namespace Coord.Testing;

/// <summary>Finds ports that nobody uses.</summary>
/// <remarks>
/// Not the system's own free ports: those it also gives to outgoing connections, and while a member is down one of
/// them could take its place. The range here lies below the one that systems give away.
/// </remarks>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Last = 32_000;
    private static readonly HashSet<int> Taken = [];
    private static readonly Random Random = new();

    public static int Next()
    {
        lock (Taken)
        {
            while (true)
            {
                int port = Random.Next(First, Last);
                if (IsFree(port) && Taken.Add(port))
                    return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
