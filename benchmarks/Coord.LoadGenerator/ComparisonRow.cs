using Coord.LoadGenerator.Load;

namespace Coord.LoadGenerator;

/// <summary>One workload on both.</summary>
internal sealed record ComparisonRow(int Nodes, Measurement Etcd, Measurement Coord)
{
    /// <summary>How many times etcd's rate; of memory and restarts, what share of etcd's.</summary>
    public double RateRatio => Ratio(Coord.Rate, Etcd.Rate);

    public double P99Ratio => Ratio(Coord.P99, Etcd.P99);

    public double CpuRatio => Ratio(Coord.CpuPerOperation, Etcd.CpuPerOperation);

    private static double Ratio(double mine, double other) => other == 0 ? 0 : mine / other;
}
