using System.Collections.Concurrent;
using System.Diagnostics;

namespace DirectMap.Tests.Telemetry;

/// <summary>
/// The library's activities under one activity of the test's: those of tests that run at the same time are not among them.
/// </summary>
internal sealed class RecordedActivities : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly ConcurrentQueue<Activity> _stopped = new();

    internal RecordedActivities()
    {
        Caller = new Activity("test").Start();
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "DirectMap",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                IsOurs(options.Parent.TraceId) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStarted = activity => Happened(activity, AtStart),
            ActivityStopped = activity =>
            {
                if (IsOurs(activity.TraceId))
                {
                    _stopped.Enqueue(activity);
                    Happened(activity, AtStop);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The current activity of the test.</summary>
    internal Activity Caller { get; }

    internal Action? AtStart { get; init; }

    internal Action? AtStop { get; init; }

    internal IReadOnlyCollection<Activity> Stopped => _stopped;

    internal Activity Single(string name) => Assert.Single(_stopped, activity => activity.OperationName == name);

    public void Dispose()
    {
        _listener.Dispose();
        Caller.Stop();
    }

    private bool IsOurs(ActivityTraceId trace) => trace == Caller.TraceId;

    private void Happened(Activity activity, Action? then)
    {
        if (IsOurs(activity.TraceId))
        {
            then?.Invoke();
        }
    }
}
