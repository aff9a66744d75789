namespace Coord.Testing;

/// <summary>A test that needs etcd and its tool, and is skipped where they are not installed.</summary>
internal sealed class EtcdFactAttribute : FactAttribute
{
    public EtcdFactAttribute()
    {
        if (!EtcdTool.IsInstalled("etcd") || !EtcdTool.IsInstalled("etcdctl"))
            Skip = "Needs etcd and etcdctl on the PATH (Debian: apt install etcd-server etcd-client).";
    }
}
