namespace DirectMap.Inodes;

/// <summary>A breaker's own timeout over several attempts.</summary>
internal readonly struct Patience
{
    private readonly TimeProvider? _time;
    private readonly BreakOptions _options;
    private readonly long _start;

    internal Patience(TimeProvider time, BreakOptions? options)
    {
        _options = options ?? BreakOptions.Default;
        if (_options.Timeout != Timeout.InfiniteTimeSpan)
        {
            _time = time;
            _start = time.GetTimestamp();
        }
    }

    private Patience(BreakOptions? options) => _options = options ?? BreakOptions.Default;

    /// <summary>There is only one attempt: no clock is asked.</summary>
    internal static Patience ForOneAttempt(BreakOptions? options) => new(options);

    /// <summary>The options for an attempt that begins now.</summary>
    internal BreakOptions Left()
    {
        if (_time is null)
        {
            return _options;
        }

        TimeSpan left = _options.Timeout - _time.GetElapsedTime(_start);
        return _options with { Timeout = left > TimeSpan.Zero ? left : TimeSpan.Zero };
    }
}
