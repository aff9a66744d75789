using System.Globalization;
using System.Text;

namespace Coord.AspNetCore.Diagnostics;

/// <summary>Writes metrics in Prometheus' text format, numbers spelled as Go spells them.</summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    public void Family(string name, string type, string help) =>
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    /// <summary>Writes one value.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <param name="labels">What tells it from others of its name, written as it is to appear; none if empty.</param>
    public void Sample(string name, double value, string labels = "")
    {
        _text.Append(name);
        if (labels.Length > 0)
            _text.Append('{').Append(labels).Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>Writes a family of one value.</summary>
    public void Gauge(string name, double value, string help)
    {
        Family(name, "gauge", help);
        Sample(name, value);
    }

    /// <inheritdoc cref="Gauge"/>
    public void Counter(string name, double value, string help)
    {
        Family(name, "counter", help);
        Sample(name, value);
    }

    /// <summary>Writes text within a label's quotes.</summary>
    public static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    public override string ToString() => _text.ToString();

    internal static string Number(double value)
    {
        if (double.IsPositiveInfinity(value))
            return "+Inf";
        if (double.IsNegativeInfinity(value))
            return "-Inf";

        double size = Math.Abs(value);
        return value != 0 && (size >= 1e6 || size < 1e-4)
            ? value.ToString("0.################e+00", CultureInfo.InvariantCulture)
            : value.ToString(CultureInfo.InvariantCulture);
    }
}
