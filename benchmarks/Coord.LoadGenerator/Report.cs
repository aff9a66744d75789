using System.Globalization;
using System.Text;
using System.Text.Json;
using Coord.LoadGenerator.Load;

namespace Coord.LoadGenerator;

/// <summary>Writes what was measured, for people or for programs.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true };

    public static string Json(object result) => JsonSerializer.Serialize(result, Pretty);

    public static string Table(IReadOnlyList<ComparisonRow> rows)
    {
        StringBuilder text = new();
        text.AppendLine("Operations a second, latencies in microseconds, processor time of all servers per operation.");
        text.AppendLine();
        text.AppendLine("| nodes | workload | etcd | p50 / p99 / p99.9 | us CPU | Coord | p50 / p99 / p99.9 | us CPU "
            + "| rate | p99 | CPU |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (ComparisonRow row in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {row.Nodes} | {row.Etcd.Workload} | {Cells(row.Etcd)} | {Cells(row.Coord)} "
                + $"| {row.RateRatio:0.00} | {row.P99Ratio:0.00} | {row.CpuRatio:0.00} |");
        }

        foreach (ComparisonRow row in rows.Where(row => row.Etcd.Failures + row.Coord.Failures > 0))
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{row.Nodes} nodes, {row.Etcd.Workload}: failed {row.Etcd.Failures} (etcd), {row.Coord.Failures}.");
        }

        return text.ToString();
    }

    public static string Line(Measurement m) => string.Create(
        CultureInfo.InvariantCulture,
        $"{m.Workload}: {m.Rate:0}/s, p50 {m.P50:0} p99 {m.P99:0} p99.9 {m.P999:0} us, "
        + $"{m.CpuPerOperation:0.0} us CPU each, {m.Failures} failed");

    private static string Cells(Measurement m) => string.Create(
        CultureInfo.InvariantCulture,
        $"{m.Rate:0} | {m.P50:0} / {m.P99:0} / {m.P999:0} | {m.CpuPerOperation:0.0}");
}
