using System.Diagnostics;

namespace DirectMap.Telemetry;

/// <summary>One breaker that found somebody in its way, from then until it has the right or never will. The default value is one that nobody watches.</summary>
internal readonly struct BreakWait
{
    private readonly LeaseEvents? _events;

    internal BreakWait(LeaseEvents events, BreakRequest request, Activity? activity, Activity? caller, long? began)
    {
        _events = events;
        Request = request;
        Activity = activity;
        Caller = caller;
        Began = began;
    }

    internal bool IsWatched => _events is not null;

    internal BreakRequest Request { get; }

    internal Activity? Activity { get; }

    /// <summary>The caller's activity.</summary>
    internal Activity? Caller { get; }

    internal long? Began { get; }

    /// <summary>What the caller does until its wait ends is none of the activity's.</summary>
    internal void Leave() => Tracing.Leave(Activity, Caller);

    /// <summary>The breaker has the right; or, with an exception, will not have it. Never throws: the right must reach its taker.</summary>
    internal void End(Exception? failure) => _events?.EndWait(this, failure);
}
