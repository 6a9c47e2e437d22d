using System.Diagnostics;

namespace DirectMap.Telemetry;

/// <summary>
/// The activities of the library. Listeners are called when one starts, stops or becomes the current one, and what they throw goes nowhere.
/// </summary>
internal static class Tracing
{
    internal const string BreakActivity = "directmap.break";
    internal const string PrepareActivity = "directmap.prepare";

    /// <summary>
    /// Null: a listener threw when it was offered the source, and gets none. (It is called by the constructor, and an exception there would
    /// be one of this type, at every use.)
    /// </summary>
    private static readonly ActivitySource? s_source = TryCreateSource();

    /// <summary>Starts an activity, a child of the current one, and makes it the current one. Null: nobody listens.</summary>
    internal static Activity? Start(string name)
    {
        if (s_source is null || !s_source.HasListeners())
        {
            return null;
        }

        Activity? caller = Activity.Current;
        try
        {
            return s_source.StartActivity(name);
        }
        catch (Exception exception)
        {
            // It may have been started, and become the current one, before a listener threw: then the others see its end.
            Watchers.Forgive(exception);
            if (Activity.Current is { } started && !ReferenceEquals(started, caller))
            {
                Stop(started, caller);
            }

            return null;
        }
    }

    /// <summary>Makes the activity the current one for a while.</summary>
    internal static void Enter(Activity? activity)
    {
        if (activity is not null)
        {
            SetCurrent(activity);
        }
    }

    /// <summary>The caller's activity is the current one again.</summary>
    internal static void Leave(Activity? activity, Activity? caller)
    {
        if (activity is not null)
        {
            Restore(caller);
        }
    }

    /// <summary>What the activity is of failed.</summary>
    internal static void Fail(Activity activity, Exception failure)
    {
        activity.SetTag(TagNames.ErrorType, TagNames.TypeOf(failure));
        activity.SetStatus(ActivityStatusCode.Error, failure.Message);
    }

    internal static void Stop(Activity activity, Activity? caller)
    {
        try
        {
            activity.Stop();
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }

        Restore(caller);
    }

    private static ActivitySource? TryCreateSource()
    {
        try
        {
            return Unloading.EndsWith(new ActivitySource(Instruments.Name, Instruments.Version));
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
            return null;
        }
    }

    private static void Restore(Activity? caller)
    {
        if (!ReferenceEquals(Activity.Current, caller))
        {
            SetCurrent(caller);
            if (!ReferenceEquals(Activity.Current, caller))
            {
                // The caller's has been stopped meanwhile, and cannot be the current one again; the library's must not stay it.
                SetCurrent(null);
            }
        }
    }

    private static void SetCurrent(Activity? activity)
    {
        try
        {
            Activity.Current = activity;
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception); // A handler of CurrentChanged; the current one is set by then.
        }
    }
}
