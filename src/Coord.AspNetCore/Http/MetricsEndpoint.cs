using System.Diagnostics;
using Coord.AspNetCore.Diagnostics;
using Coord.AspNetCore.Handlers;
using Coord.Kv;
using Coord.Raft;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Http;

/// <summary>
/// <c>/metrics</c>: under etcd's names what means the same here, and under Coord's own what its meters measure.
/// </summary>
internal sealed class MetricsEndpoint(
    EtcdMember member, CallMetrics calls, MeterMetrics meters, HealthEndpoint health)
{
    public Task InvokeAsync(HttpContext context)
    {
        PrometheusText text = new();
        WriteServer(text);
        WriteStore(text);
        WriteProcess(text);
        meters.WriteAs(text, "coord.raft.log.sync.duration", "etcd_disk_wal_fsync_duration_seconds");
        calls.Write(text);
        meters.Write(text);
        return PlainAnswer.WriteAsync(context, StatusCodes.Status200OK, PrometheusText.ContentType, text.ToString());
    }

    private void WriteServer(PrometheusText text)
    {
        RaftStatus status = member.Node.Status;
        EtcdApiOptions options = member.Options;
        text.Family("etcd_cluster_version", "gauge", "Which version is running.");
        text.Sample("etcd_cluster_version", 1, $"cluster_version=\"{VersionEndpoint.ClusterVersion(options)}\"");
        text.Gauge("etcd_server_has_leader", Flag(!status.Leader.IsNone), "Whether a leader is known.");
        text.Counter("etcd_server_health_failures", health.Failures, "How many checks of health failed.");
        text.Counter("etcd_server_health_success", health.Successes, "How many checks of health succeeded.");
        text.Family("etcd_server_id", "gauge", "The member's id.");
        text.Sample("etcd_server_id", 1, $"server_id=\"{member.Node.Id.Value:x}\"");
        text.Gauge("etcd_server_is_leader", Flag(status.Role is RaftRole.Leader), "Whether this member leads.");
        text.Gauge("etcd_server_is_learner", Flag(member.IsLearner), "Whether this member does not vote.");
        text.Counter(
            "etcd_server_leader_changes_seen_total", meters.Sum("coord.raft.leader.changes"),
            "How often this member saw another leader.");
        text.Gauge("etcd_server_proposals_applied_total", status.Applied.Value, "The last applied index.");
        text.Gauge("etcd_server_proposals_committed_total", status.Commit.Value, "The last committed index.");
        text.Counter(
            "etcd_server_proposals_failed_total", meters.Sum("coord.raft.proposal.failures"),
            "How many proposals ended without a result.");
        text.Gauge(
            "etcd_server_proposals_pending", Math.Max(0, status.LastEntry.Index.Value - status.Commit.Value),
            "How many entries wait to be committed.");
        text.Gauge("etcd_server_quota_backend_bytes", options.QuotaBytes, "How much the store may hold.");
        text.Family("etcd_server_version", "gauge", "Which version is running.");
        text.Sample("etcd_server_version", 1, $"server_version=\"{PrometheusText.Escape(options.ServerVersion)}\"");
    }

    private void WriteStore(PrometheusText text)
    {
        KeyValueStatus store = member.Store.Status;
        text.Gauge("etcd_debugging_mvcc_compact_revision", store.CompactedRevision.Value, "The compacted revision.");
        text.Gauge("etcd_debugging_mvcc_current_revision", store.Revision.Value, "The present revision.");
        text.Gauge("etcd_debugging_mvcc_keys_total", store.Keys, "How many keys exist.");
        text.Gauge("etcd_debugging_mvcc_watcher_total", store.Watches, "How many watches are open.");
        text.Gauge("coord_kv_leases", store.Leases, "How many leases exist.");
        text.Gauge("etcd_mvcc_db_total_size_in_bytes", store.AllocatedBytes, "Memory of the store.");
        text.Gauge("etcd_mvcc_db_total_size_in_use_in_bytes", store.UsedBytes, "What of it is in use.");
    }

    /// <summary>What Prometheus' own libraries tell of every process; etcdctl's check of memory reads it.</summary>
    private static void WriteProcess(PrometheusText text)
    {
        using Process process = Process.GetCurrentProcess();
        text.Gauge("process_resident_memory_bytes", process.WorkingSet64, "Resident memory size in bytes.");
        text.Gauge("process_virtual_memory_bytes", process.VirtualMemorySize64, "Virtual memory size in bytes.");
        text.Counter(
            "process_cpu_seconds_total", process.TotalProcessorTime.TotalSeconds,
            "Total user and system CPU time spent in seconds.");
    }

    private static int Flag(bool value) => value ? 1 : 0;
}
