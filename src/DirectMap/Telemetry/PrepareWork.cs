using System.Diagnostics;

namespace DirectMap.Telemetry;

/// <summary>One preparation of a file, from its beginning to its end.</summary>
internal readonly struct PrepareWork(FileEvents events, string path, Activity? activity, Activity? caller, long began)
{
    internal void End(FileRange range, long allocated, long converted, long unshared, long relocated)
    {
        events.Prepared(path, Stopwatch.GetElapsedTime(began), range, allocated, converted, unshared, relocated);
        if (activity is not null)
        {
            activity.SetTag("directmap.range.offset", range.Offset);
            activity.SetTag("directmap.range.length", range.Length);
            activity.SetTag("directmap.prepare.allocated", allocated);
            activity.SetTag("directmap.prepare.converted", converted);
            activity.SetTag("directmap.prepare.unshared", unshared);
            activity.SetTag("directmap.prepare.relocated", relocated);
            Tracing.Stop(activity, caller);
        }
    }

    internal void End(Exception failure)
    {
        events.PrepareFailed(path, failure);
        if (activity is not null)
        {
            Tracing.Fail(activity, failure);
            Tracing.Stop(activity, caller);
        }
    }
}
