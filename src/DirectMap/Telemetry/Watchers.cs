namespace DirectMap.Telemetry;

/// <summary>
/// What loggers, listeners and exporters throw. They only watch: a lease, a right or a mapping that was taken must reach its taker, and a
/// thread that watches deadlines must live, whatever they do. So every call of theirs ends here. Only their creation (ILoggerFactory,
/// IMeterFactory) throws at the caller: nothing is taken by then, and settings that do not work are better refused.
/// </summary>
internal static class Watchers
{
    /// <summary>
    /// Drops what a watcher threw. An interrupt was not meant for it: the thread keeps it for whatever it waits for next.
    /// </summary>
    internal static void Forgive(Exception exception)
    {
        if (exception is ThreadInterruptedException
            || (exception is AggregateException several
                && several.Flatten().InnerExceptions.Any(inner => inner is ThreadInterruptedException)))
        {
            Thread.CurrentThread.Interrupt();
        }
    }
}
