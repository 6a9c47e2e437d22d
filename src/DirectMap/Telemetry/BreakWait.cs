using System.Diagnostics;

namespace DirectMap.Telemetry;

/// <summary>
/// One breaker that found somebody in its way, from then until it has the right or never will. Exists only when somebody watches.
/// </summary>
internal sealed class BreakWait(LeaseEvents events, BreakRequest request, Activity? activity, Activity? caller, long arrived)
{
    internal BreakRequest Request { get; } = request;

    internal Activity? Activity { get; } = activity;

    /// <summary>The caller's activity.</summary>
    internal Activity? Caller { get; } = caller;

    /// <summary>As <see cref="LeaseEvents.TimeArrival"/> said.</summary>
    internal long Arrived { get; } = arrived;

    /// <summary>What the caller does until its wait ends is none of the activity's.</summary>
    internal void Leave() => Tracing.Leave(Activity, Caller);

    /// <summary>The breaker has the right; or, with an exception, will not have it. Never throws: the right must reach its taker.</summary>
    internal void End(Exception? failure) => events.EndWait(this, failure);
}
