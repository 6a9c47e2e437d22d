namespace DirectMap.Layout;

/// <summary>A breaker's own timeout over several attempts.</summary>
internal readonly struct Patience(TimeProvider time, BreakOptions? options)
{
    private readonly long _start = options is null || options.Timeout == Timeout.InfiniteTimeSpan ? 0 : time.GetTimestamp();

    /// <summary>The options for an attempt that begins now.</summary>
    internal BreakOptions Left()
    {
        if (options is null || options.Timeout == Timeout.InfiniteTimeSpan)
        {
            return options ?? BreakOptions.Default;
        }

        TimeSpan left = options.Timeout - time.GetElapsedTime(_start);
        return options with { Timeout = left > TimeSpan.Zero ? left : TimeSpan.Zero };
    }
}
