using System.Collections.Concurrent;
using System.Diagnostics;
using DirectMap.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace DirectMap.Tests.Telemetry;

/// <summary>Keeps what is logged.</summary>
internal sealed class RecordedLogs : ILoggerFactory
{
    private readonly ConcurrentQueue<Entry> _entries = new();

    /// <summary>What a logger does after it has kept the message.</summary>
    internal Action? Afterwards { get; init; }

    internal LogLevel Least { get; init; } = LogLevel.Trace;

    internal IReadOnlyCollection<Entry> Entries => _entries;

    internal sealed record Entry(
        string Category,
        EventId Id,
        LogLevel Level,
        string Message,
        Exception? Exception,
        IReadOnlyDictionary<string, object?> Values,
        Activity? Activity);

    /// <summary>The one message with that id; it may be on its way.</summary>
    internal Entry Single(int id)
    {
        Soon.Until(() => _entries.Any(entry => entry.Id.Id == id), $"event {id} is logged");
        return Assert.Single(_entries, entry => entry.Id.Id == id);
    }

    internal int Count(int id) => _entries.Count(entry => entry.Id.Id == id);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private sealed class Logger(RecordedLogs owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= owner.Least;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Dictionary<string, object?> values = ((IReadOnlyList<KeyValuePair<string, object?>>)state!).ToDictionary();
            owner._entries.Enqueue(
                new Entry(category, eventId, logLevel, formatter(state, exception), exception, values, Activity.Current));
            owner.Afterwards?.Invoke();
        }
    }
}
