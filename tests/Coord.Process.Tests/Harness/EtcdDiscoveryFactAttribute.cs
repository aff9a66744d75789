namespace Coord.Process.Tests.Harness;

/// <summary>A test that needs etcd and its discovery service, and is skipped where they are not installed.</summary>
internal sealed class EtcdDiscoveryFactAttribute : FactAttribute
{
    public const string Service = "discovery.etcd.io";

    public EtcdDiscoveryFactAttribute()
    {
        if (!EtcdTool.IsInstalled("etcd") || !EtcdTool.IsInstalled("etcdctl") || !EtcdTool.IsInstalled(Service))
        {
            Skip = "Needs etcd, etcdctl and discovery.etcd.io on the PATH "
                + "(Debian: apt install etcd-server etcd-client etcd-discovery).";
        }
    }
}
