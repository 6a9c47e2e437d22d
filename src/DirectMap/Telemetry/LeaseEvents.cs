using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DirectMap.Telemetry;

/// <summary>
/// What a coordinator tells its watchers; called with no lock held, and never throws. A breaker's own doings are told on its thread;
/// what happens to holders on a pool thread, because it happens on threads that must not wait for a logger: the finalizer's and those
/// that hold deadlines.
/// </summary>
internal sealed class LeaseEvents
{
    /// <summary>A time that nobody has asked for.</summary>
    internal const long NotTimed = long.MinValue;

    private readonly ILogger _logger;
    private readonly bool _isLogged;
    private readonly string? _configuration;
    private readonly TagList _tags;
    private readonly TimeProvider _time;
    private readonly Instruments _instruments;

    /// <summary>What the factories throw is the caller's: see <see cref="Watchers"/>.</summary>
    internal LeaseEvents(string? configuration, ILoggerFactory? loggers, IMeterFactory? meters, TimeProvider time)
    {
        _logger = loggers?.CreateLogger(LeaseMessages.Category) ?? NullLogger.Instance;
        _isLogged = loggers is not null;
        _configuration = configuration;
        _tags = configuration is null ? [] : [new(TagNames.Configuration, configuration)];
        _time = time;
        _instruments = Instruments.Of(meters);
    }

    /// <summary>Whether failures of callbacks are logged.</summary>
    internal bool IsLogged => _isLogged;

    private bool TimesHolders => _isLogged || _instruments.BreakHolds is { Enabled: true };

    private bool IsHolderWatched => TimesHolders || _instruments.Revocations is { Enabled: true };

    /// <summary>Has the coordinator's leases counted.</summary>
    internal void Observe(ILeaseCount coordinator) => _instruments.Observe(_configuration, coordinator);

    internal void LeaseGranted()
    {
        if (_instruments.LeasesGranted is { Enabled: true } granted)
        {
            Instruments.Add(granted, 1, _tags);
        }
    }

    /// <summary>
    /// The time from which a breaker that arrives, and the holders whose leases it breaks, are timed; <see cref="NotTimed"/> when nobody
    /// watches. A clock of the user's must not be read under a gate.
    /// </summary>
    internal long TimeArrival() => TimesHolders || _instruments.BreakWaits is { Enabled: true } ? Now() : NotTimed;

    internal void BreakBegan(LeaseBreak begun, FileId file, int leases)
    {
        if (_instruments.Breaks is { Enabled: true } breaks)
        {
            TagList tags = _tags;
            tags.Add(TagNames.Operation, TagNames.Of(begun.Operation));
            Instruments.Add(breaks, 1, tags);
        }

        try
        {
            if (_logger.IsEnabled(LogLevel.Information))
            {
                LeaseMessages.BreakBegan(
                    _logger, begun.Operation, begun.Range, begun.Breaker, leases, file, begun.Deadline is { } deadline ? deadline : "none");
            }
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    /// <summary>A breaker found somebody in its way.</summary>
    /// <param name="request">Its request.</param>
    /// <param name="leases">How many leases it has broken.</param>
    /// <param name="arrived">When it arrived, as <see cref="TimeArrival"/> said.</param>
    /// <param name="isRefused">It will not wait, and has not begun a break: too little for an activity.</param>
    /// <returns>Null: nobody watches.</returns>
    internal BreakWait? BeginWait(BreakRequest request, int leases, long arrived, bool isRefused)
    {
        Activity? caller = Activity.Current;
        Activity? activity = isRefused ? null : Tracing.Start(Tracing.BreakActivity);
        if (activity is null && arrived == NotTimed)
        {
            return null;
        }

        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag(TagNames.Operation, TagNames.Of(request.Operation));
            activity.SetTag("directmap.breaker", request.Breaker);
            activity.SetTag("directmap.file", request.File.ToString());
            activity.SetTag("directmap.range.offset", request.Range.Offset);
            activity.SetTag("directmap.range.length", request.Range.Length);
            activity.SetTag("directmap.break.leases", leases);
            activity.SetTag(TagNames.Configuration, _configuration);
        }

        return new BreakWait(this, request, activity, caller, arrived);
    }

    internal void EndWait(BreakWait wait, Exception? failure)
    {
        string outcome = TagNames.OutcomeOf(failure);
        TimeSpan? waited = Since(wait.Arrived);
        if (waited is { } time && _instruments.BreakWaits is { Enabled: true } waits)
        {
            TagList tags = _tags;
            tags.Add(TagNames.Operation, TagNames.Of(wait.Request.Operation));
            tags.Add(TagNames.Outcome, outcome);
            if (failure is not null)
            {
                tags.Add(TagNames.ErrorType, TagNames.TypeOf(failure));
            }

            Instruments.Record(waits, time, tags);
        }

        Activity? activity = wait.Activity;
        Tracing.Enter(activity); // so that the message belongs to it
        LogEnd(wait.Request, waited, outcome, failure);
        if (activity is not null)
        {
            activity.SetTag(TagNames.Outcome, outcome);
            if (failure is not null)
            {
                Tracing.Fail(activity, failure);
            }

            Tracing.Stop(activity, wait.Caller);
        }
    }

    internal void HolderLetGo(in BrokenLease lease)
    {
        if (IsHolderWatched)
        {
            Queue(lease, "released", null, static (events, lease, _) =>
                LeaseMessages.HolderLetGo(
                    events._logger, lease.Holder, lease.Range, lease.File, lease.Held, lease.Break.Operation, lease.Break.Breaker));
        }
    }

    internal void LeaseRevoked(in BrokenLease lease)
    {
        if (IsHolderWatched)
        {
            Queue(lease, "revoked", null, static (events, lease, _) =>
                LeaseMessages.LeaseRevoked(
                    events._logger, lease.Holder, lease.Range, lease.File, lease.Break.Operation, lease.Break.Breaker));
        }
    }

    internal void RevocationFailed(in BrokenLease lease, Exception failure)
    {
        if (IsHolderWatched)
        {
            Queue(lease, "revocation_failed", failure, static (events, lease, failure) =>
                LeaseMessages.RevocationFailed(
                    events._logger, failure!, lease.Holder, lease.Range, lease.File, lease.Break.Operation, lease.Break.Breaker));
        }
    }

    /// <summary>On the thread that ran the callback.</summary>
    internal void CallbackFailed(Exception failure)
    {
        try
        {
            LeaseMessages.CallbackFailed(_logger, failure);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    /// <summary>How long ago that was; null when it is not known.</summary>
    internal TimeSpan? Since(long time)
    {
        if (time == NotTimed)
        {
            return null;
        }

        try
        {
            return _time.GetElapsedTime(time);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception); // A clock of the user's that throws, when it is asked only to watch.
            return null;
        }
    }

    private long Now()
    {
        try
        {
            return _time.GetTimestamp();
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
            return NotTimed;
        }
    }

    private void LogEnd(BreakRequest request, TimeSpan? waited, string outcome, Exception? failure)
    {
        try
        {
            if (failure is null)
            {
                LeaseMessages.BreakerGranted(_logger, request.Operation, request.Range, request.File, request.Breaker, waited);
            }
            else if (failure is TimeoutException or OperationCanceledException or ThreadInterruptedException)
            {
                LeaseMessages.BreakerGaveUp(_logger, request.Operation, request.Range, request.File, request.Breaker, waited, outcome);
            }
            else
            {
                LeaseMessages.BreakerRefused(
                    _logger, request.Operation, request.Range, request.File, request.Breaker, outcome, failure.Message);
            }
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    private void Queue(in BrokenLease lease, string outcome, Exception? failure, Action<LeaseEvents, BrokenLease, Exception?> log)
    {
        try
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static item => item.Events.Log(item.Lease, item.Outcome, item.Failure, item.Log),
                (Events: this, Lease: lease, Outcome: outcome, Failure: failure, Log: log),
                preferLocal: false);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception); // No memory.
        }
    }

    private void Log(in BrokenLease lease, string outcome, Exception? failure, Action<LeaseEvents, BrokenLease, Exception?> log)
    {
        TagList tags = _tags;
        tags.Add(TagNames.Operation, TagNames.Of(lease.Break.Operation));
        tags.Add(TagNames.Outcome, outcome);
        if (failure is not null)
        {
            tags.Add(TagNames.ErrorType, TagNames.TypeOf(failure));
        }

        if (lease.Held is { } held && _instruments.BreakHolds is { Enabled: true } holds)
        {
            Instruments.Record(holds, held, tags);
        }

        if (outcome != "released" && _instruments.Revocations is { Enabled: true } revocations)
        {
            Instruments.Add(revocations, 1, tags);
        }

        try
        {
            log(this, lease, failure);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }
}
