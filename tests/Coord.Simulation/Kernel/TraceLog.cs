using System.Runtime.CompilerServices;

namespace Coord.Simulation.Kernel;

/// <summary>What happened in a run: always as a hash, and as text if somebody wants to read it.</summary>
internal sealed class TraceLog(Func<long> clock, TextWriter? output)
{
    /// <summary>Gets the hash of all that was noted; two runs of one seed have the same.</summary>
    public ulong Hash { get; private set; } = 14695981039346656037;

    /// <summary>Gets a value indicating whether anybody reads.</summary>
    public bool IsRead => output is not null;

    /// <summary>Notes numbers.</summary>
    public void Mix(long a, long b, long c)
    {
        ulong hash = Hash;
        hash = (hash ^ (ulong)a) * 0x9E3779B97F4A7C15;
        hash = (hash ^ (hash >> 32) ^ (ulong)b) * 0xBF58476D1CE4E5B9;
        hash = (hash ^ (hash >> 29) ^ (ulong)c) * 0x94D049BB133111EB;
        Hash = hash ^ (hash >> 31);
    }

    /// <summary>Notes what somebody did; the text is made only if it is read.</summary>
    public void Add(string who, [InterpolatedStringHandlerArgument("")] ref Line line)
    {
        if (output is null)
            return;

        long now = clock();
        output.WriteLine($"{now / Span.Second,5}.{now % Span.Second / 1000:d6}  {who,-8} {line.ToString()}");
    }

    /// <summary>A line that costs nothing if nobody reads it.</summary>
    [InterpolatedStringHandler]
    internal ref struct Line
    {
        private DefaultInterpolatedStringHandler _text;

        public Line(int literalLength, int formattedCount, TraceLog log, out bool isRead)
        {
            isRead = log.IsRead;
            _text = isRead ? new(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

        public override string ToString() => _text.ToStringAndClear();
    }
}
