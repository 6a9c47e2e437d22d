namespace DirectMap.Leases;

/// <summary>Deadlines as timestamps of a <see cref="TimeProvider"/>, which no change of the wall clock moves.</summary>
internal readonly struct DeadlineClock(TimeProvider time)
{
    internal TimeProvider Time => time;

    internal bool IsSystem => ReferenceEquals(time, TimeProvider.System);

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
}
