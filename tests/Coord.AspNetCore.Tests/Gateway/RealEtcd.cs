using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Coord.AspNetCore.Tests.Gateway;

/// <summary>A real etcd with an empty store, to record from.</summary>
internal sealed class RealEtcd : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("etcd-").FullName;
    private readonly Process _process;

    private RealEtcd(int port, int peerPort)
    {
        string client = $"http://127.0.0.1:{port}";
        Address = new Uri(client);
        string peer = $"http://127.0.0.1:{peerPort}";
        ProcessStartInfo start = new("etcd")
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                "--name", "infra0", "--data-dir", _directory,
                "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", $"infra0={peer}",
            },
        };
        _process = Process.Start(start)!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    public Uri Address { get; }

    public static async Task<RealEtcd> StartAsync()
    {
        RealEtcd etcd = new(FreePort(), FreePort());
        using HttpClient client = new();
        using CancellationTokenSource timeout = new(Patience);
        while (true)
        {
            try
            {
                using HttpResponseMessage health = await client.GetAsync(
                    new Uri(etcd.Address, "/health"), timeout.Token);
                if (health.IsSuccessStatusCode)
                    return etcd;
            }
            catch (HttpRequestException) when (!etcd._process.HasExited)
            {
                await Task.Yield();
            }
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
