namespace Coord.LoadGenerator.Load;

/// <summary>What one run of a workload showed.</summary>
/// <param name="Workload">Which, with its number of clients.</param>
/// <param name="Rate">Operations a second.</param>
/// <param name="P50">The median latency in microseconds.</param>
/// <param name="P99">The latency that 99 in 100 stay within.</param>
/// <param name="P999">The latency that 999 in 1000 stay within.</param>
/// <param name="CpuPerOperation">Microseconds of the servers' processors for each operation; zero if not known.</param>
/// <param name="Failures">Operations that failed, which count for nothing else.</param>
internal sealed record Measurement(
    string Workload, double Rate, double P50, double P99, double P999, double CpuPerOperation, long Failures);
