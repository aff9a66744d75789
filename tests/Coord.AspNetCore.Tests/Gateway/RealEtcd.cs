namespace Coord.AspNetCore.Tests.Gateway;

/// <summary>A real etcd with an empty store, to record from.</summary>
internal sealed class RealEtcd : IDisposable
{
    private readonly string _directory;
    private readonly EtcdProcess _process;

    private RealEtcd(string directory, EtcdProcess process) => (_directory, _process) = (directory, process);

    public Uri Address => new(_process.Endpoint);

    public static async Task<RealEtcd> StartAsync()
    {
        string directory = Directory.CreateTempSubdirectory("etcd-").FullName;
        return new RealEtcd(directory, await EtcdProcess.StartAsync(directory, name: "infra0"));
    }

    public void Dispose()
    {
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
