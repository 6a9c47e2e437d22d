namespace DirectMap.Leases;

/// <summary>
/// Deadlines as timestamps of a <see cref="TimeProvider"/>, which no change of the wall clock moves. Of the system's clock they are the
/// milliseconds that the kernel counts at its ticks: they cost a fifth of an exact timestamp, and a thread that sleeps is not more exact
/// either. What is rounded is rounded up, so that a deadline is never early.
/// </summary>
internal readonly struct DeadlineClock(TimeProvider time)
{
    /// <summary>The longest tick that Linux kernels are built with, in milliseconds.</summary>
    private const int SystemTick = 10;

    private readonly long _frequency = time.TimestampFrequency; // read once: it is the user's code, which must not be called under a gate

    internal TimeProvider Time => time;

    internal bool IsSystem => ReferenceEquals(time, TimeProvider.System);

    internal long Now => IsSystem ? Environment.TickCount64 : time.GetTimestamp();

    /// <summary>The deadline a span after a time; on the system's clock plus a tick, since the time may be almost a tick old.</summary>
    internal long After(long now, TimeSpan span) => IsSystem
        ? now + ((span.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond) + SystemTick
        : now + (long)((Int128)span.Ticks * _frequency / TimeSpan.TicksPerSecond);

    /// <summary>How long until the deadline, rounded up so that a wait for it never ends before it; zero when it has passed.</summary>
    internal TimeSpan Until(long deadline)
    {
        Int128 left = (Int128)deadline - Now;
        if (left <= 0)
        {
            return TimeSpan.Zero;
        }

        if (IsSystem)
        {
            return TimeSpan.FromMilliseconds((long)left);
        }

        Int128 frequency = _frequency;
        return new TimeSpan((long)(((left * TimeSpan.TicksPerSecond) + frequency - 1) / frequency));
    }

    /// <summary>
    /// One moment, by both clocks. They are read one after the other, so a thread that was held up in between reads them again.
    /// </summary>
    internal Moment Read()
    {
        const int Tries = 4;
        long before, after = Now;
        DateTimeOffset timeOfDay;
        int left = Tries;
        do
        {
            before = after;
            timeOfDay = time.GetUtcNow();
            after = Now;
        }
        while (IsSystem && after - before > SystemTick && --left > 0);

        return new Moment(this, after, timeOfDay);
    }

    private TimeSpan Between(long from, long to) =>
        IsSystem ? TimeSpan.FromMilliseconds(to - from) : time.GetElapsedTime(from, to);

    /// <summary>A moment, by the timestamp and by the time of day.</summary>
    internal readonly struct Moment(DeadlineClock clock, long timestamp, DateTimeOffset timeOfDay)
    {
        /// <summary>The time of day of a timestamp that is not later.</summary>
        internal DateTimeOffset ToTime(long earlier) =>
            clock.Between(earlier, timestamp) is var ago && ago > TimeSpan.Zero ? timeOfDay - ago : timeOfDay;
    }
}
