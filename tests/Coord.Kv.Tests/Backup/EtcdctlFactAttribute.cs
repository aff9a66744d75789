namespace Coord.Kv.Tests.Backup;

/// <summary>A test that runs etcd's own tool on a file, where it is installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EtcdctlFactAttribute : FactAttribute
{
    public EtcdctlFactAttribute()
    {
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!path.Any(directory => File.Exists(Path.Combine(directory, "etcdctl"))))
            Skip = "etcdctl is not installed.";
    }
}
