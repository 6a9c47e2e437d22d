namespace DirectMap.Leases;

/// <summary>Deadlines as timestamps of a <see cref="TimeProvider"/>, which no change of the wall clock moves.</summary>
internal readonly struct DeadlineClock(TimeProvider time)
{
    internal TimeProvider Time => time;

    internal bool IsSystem => ReferenceEquals(time, TimeProvider.System);

    /// <summary>A timestamp for "since when": on the system's clock the one that costs least and is good to some milliseconds.</summary>
    internal long Coarse => IsSystem ? Environment.TickCount64 : time.GetTimestamp();

    internal long After(TimeSpan span) =>
        time.GetTimestamp() + (long)((Int128)span.Ticks * time.TimestampFrequency / TimeSpan.TicksPerSecond);

    /// <summary>How long until the deadline, rounded up so that a wait for it never ends before it; zero when it has passed.</summary>
    internal TimeSpan Until(long deadline)
    {
        Int128 left = (Int128)deadline - time.GetTimestamp();
        if (left <= 0)
        {
            return TimeSpan.Zero;
        }

        Int128 frequency = time.TimestampFrequency;
        return new TimeSpan((long)(((left * TimeSpan.TicksPerSecond) + frequency - 1) / frequency));
    }

    /// <summary>The time of day of a coarse timestamp, if it is <paramref name="now"/>.</summary>
    internal DateTimeOffset ToTime(long coarse, DateTimeOffset now)
    {
        TimeSpan ago = IsSystem ? TimeSpan.FromMilliseconds(Environment.TickCount64 - coarse) : time.GetElapsedTime(coarse);
        return now - (ago > TimeSpan.Zero ? ago : TimeSpan.Zero);
    }
}
