using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Coord.Raft.Tests.Driver;

/// <summary>Keeps the last lines that the nodes logged, for the message of a test that waited in vain.</summary>
internal sealed class TraceLog : ILoggerFactory, ILogger
{
    private const int MaxLines = 400;

    private readonly ConcurrentQueue<string> _lines = new();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        _lines.Enqueue($"{Thread.CurrentThread.Name} {formatter(state, exception)} {exception}");
        while (_lines.Count > MaxLines)
            _lines.TryDequeue(out _);
    }

    public override string ToString() => string.Join(Environment.NewLine, _lines);

    public void Dispose()
    {
    }
}
