namespace Coord.Contract.Tests.Harness;

/// <summary>A test that needs a real etcd; skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EtcdFactAttribute : FactAttribute
{
    public EtcdFactAttribute() => Skip = EtcdServer.SkipReason;
}
