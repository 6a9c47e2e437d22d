using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DirectMap.Telemetry;

/// <summary>
/// What the files of one configuration tell those who watch; called with no lock held, on the thread of whoever uses the
/// file, and never throws.
/// </summary>
internal sealed class FileEvents
{
    private readonly ILogger _logger;
    private readonly TagList _tags;

    /// <summary>What the factories throw is the caller's: see <see cref="Watchers"/>.</summary>
    internal FileEvents(string configuration, ILoggerFactory? loggers, IMeterFactory? meters)
    {
        _logger = loggers?.CreateLogger(FileMessages.Category) ?? NullLogger.Instance;
        RegionLogger = loggers?.CreateLogger(RegionMessages.Category) ?? NullLogger.Instance;
        Configuration = configuration;
        _tags = [new(TagNames.Configuration, configuration)];
        Instruments = Instruments.Of(meters);
        Instruments.Observe(configuration, Regions);
    }

    internal string Configuration { get; }

    internal Instruments Instruments { get; }

    internal ILogger RegionLogger { get; }

    /// <summary>To be told of every mapping.</summary>
    internal RegionCounts Regions { get; } = new();

    internal ref readonly TagList Tags => ref _tags;

    internal void Created(string path, long length)
    {
        try
        {
            FileMessages.FileCreated(_logger, path, length);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    internal void MapRefused(MapRefusedException refusal)
    {
        try
        {
            RegionMessages.MapRefused(RegionLogger, refusal.Range, refusal.Path, refusal.Reason, refusal.Message);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    internal void WritebackFailed(string path, FileRange range, string failure)
    {
        try
        {
            FileMessages.WritebackFailed(_logger, path, range, failure);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    internal void Trespassed(Trespass trespass, int unlogged)
    {
        try
        {
            FileMessages.Trespassed(
                _logger,
                trespass.Path,
                trespass.Origin,
                trespass.ProcessId,
                trespass.ProcessName,
                trespass.Engine,
                trespass.Detail is null ? null : ": " + trespass.Detail,
                unlogged);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    internal void MeasureTrespass(TrespassOrigin origin)
    {
        if (Instruments.Trespasses is { Enabled: true } trespasses)
        {
            TagList tags = _tags;
            tags.Add(TagNames.Origin, TagNames.Of(origin));
            Instruments.Add(trespasses, 1, tags);
        }
    }

    internal void ProtectionChanged(string path, Protection before, Protection now)
    {
        try
        {
            if (now.Level < before.Level)
            {
                FileMessages.ProtectionLost(_logger, path, now.Level, before.Level, now.Reason);
            }
            else
            {
                FileMessages.ProtectionGained(_logger, path, now.Level, before.Level, now.Reason);
            }
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    internal void MeasureProtection(ProtectionLevel level)
    {
        if (Instruments.ProtectionChanges is { Enabled: true } changes)
        {
            TagList tags = _tags;
            tags.Add(TagNames.Level, TagNames.Of(level));
            Instruments.Add(changes, 1, tags);
        }
    }

    /// <summary>A preparation begins: its activity becomes the current one.</summary>
    internal PrepareWork BeginPrepare(string path)
    {
        Activity? caller = Activity.Current;
        Activity? activity = Tracing.Start(Tracing.PrepareActivity);
        activity?.SetTag("file.path", path);
        activity?.SetTag(TagNames.Configuration, Configuration);
        return new PrepareWork(this, path, activity, caller, Stopwatch.GetTimestamp());
    }

    internal void Prepared(string path, TimeSpan duration, FileRange range, long allocated, long converted, long unshared, long relocated)
    {
        try
        {
            FileMessages.Prepared(_logger, range, path, duration, allocated, converted, unshared, relocated);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    internal void PrepareFailed(string path, Exception failure)
    {
        try
        {
            FileMessages.PrepareFailed(_logger, failure, path);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }
}
