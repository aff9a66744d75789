using System.Diagnostics.Metrics;

namespace Coord.AspNetCore.Diagnostics;

/// <summary>Collects what Coord's meters measure in this process, for <c>/metrics</c>. Thread-safe.</summary>
/// <remarks>Measuring costs nothing where nobody listens; it begins when this is created.</remarks>
internal sealed class MeterMetrics : IDisposable
{
    private const string Prefix = "Coord.";

    private static readonly double[] Bounds =
        [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192];

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public MeterMetrics()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!instrument.IsObservable && instrument.Meter.Name.StartsWith(Prefix, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument, Find(instrument));
        };
        _listener.SetMeasurementEventCallback<double>(
            (_, value, _, series) => ((Series)series!).Record(value));
        _listener.SetMeasurementEventCallback<long>((_, value, _, series) => ((Series)series!).Record(value));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Returns the sum of what an instrument has recorded.</summary>
    /// <param name="instrument">Its name, as in <c>coord.raft.leader.changes</c>.</param>
    public double Sum(string instrument)
    {
        lock (_lock)
            return _series.TryGetValue(instrument, out Series? series) ? series.Read().Sum : 0;
    }

    /// <summary>Writes what one instrument has recorded under another name too.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="instrument">Its name, as in <c>coord.raft.log.sync.duration</c>.</param>
    /// <param name="name">The name to write.</param>
    public void WriteAs(PrometheusText text, string instrument, string name)
    {
        Series? series;
        lock (_lock)
            _series.TryGetValue(instrument, out series);
        series?.Write(text, name);
    }

    public void Write(PrometheusText text)
    {
        Series[] all;
        lock (_lock)
            all = [.. _series.Values];
        foreach (Series series in all)
            series.Write(text);
    }

    private Series Find(Instrument instrument)
    {
        lock (_lock)
        {
            if (!_series.TryGetValue(instrument.Name, out Series? series))
                _series.Add(instrument.Name, series = new Series(instrument));
            return series;
        }
    }

    /// <summary>What was recorded by the instruments of one name.</summary>
    private sealed class Series(Instrument instrument)
    {
        private readonly Lock _lock = new();
        private readonly long[] _buckets = new long[Bounds.Length + 1];
        private readonly bool _isHistogram = instrument is Histogram<double> or Histogram<long>;
        private readonly bool _isCounter = instrument is Counter<long> or Counter<double>;
        private double _sum;
        private long _count;

        public void Record(double value)
        {
            int bucket = 0;
            while (bucket < Bounds.Length && value > Bounds[bucket])
                bucket++;
            lock (_lock)
            {
                _sum += value;
                _count++;
                _buckets[bucket]++;
            }
        }

        public (double Sum, long Count, long[] Buckets) Read()
        {
            lock (_lock)
                return (_sum, _count, [.. _buckets]);
        }

        public void Write(PrometheusText text) => Write(
            text,
            instrument.Name.Replace('.', '_') + (instrument.Unit is "s" ? "_seconds" : _isCounter ? "_total" : ""));

        public void Write(PrometheusText text, string name)
        {
            (double sum, long count, long[] buckets) = Read();
            string help = instrument.Description ?? instrument.Name;
            if (!_isHistogram)
            {
                text.Family(name, _isCounter ? "counter" : "gauge", help);
                text.Sample(name, sum);
                return;
            }

            text.Family(name, "histogram", help);
            long below = 0;
            for (int i = 0; i < Bounds.Length; i++)
            {
                below += buckets[i];
                text.Sample(name + "_bucket", below, $"le=\"{PrometheusText.Number(Bounds[i])}\"");
            }

            text.Sample(name + "_bucket", count, "le=\"+Inf\"");
            text.Sample(name + "_sum", sum);
            text.Sample(name + "_count", count);
        }
    }
}
