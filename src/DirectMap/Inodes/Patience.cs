namespace DirectMap.Inodes;

/// <summary>A breaker's own timeout over several attempts.</summary>
internal readonly struct Patience
{
    private readonly TimeProvider? _time;
    private readonly BreakOptions _options;
    private readonly long _start;

    internal Patience(TimeProvider time, BreakOptions? options)
    {
        _options = Checked(options);
        if (_options.Timeout != Timeout.InfiniteTimeSpan)
        {
            _time = time;
            _start = time.GetTimestamp();
        }
    }

    private Patience(BreakOptions? options) => _options = Checked(options);

    /// <summary>There is only one attempt: no clock is asked.</summary>
    internal static Patience ForOneAttempt(BreakOptions? options) => new(options);

    /// <summary>The options, or the default ones; to be asked before anything is begun.</summary>
    /// <exception cref="ArgumentOutOfRangeException">What to do is no value of its enumeration.</exception>
    internal static BreakOptions Checked(BreakOptions? options)
    {
        options ??= BreakOptions.Default;
        return Enum.IsDefined(options.WhenUnavailable)
            ? options
            : throw new ArgumentOutOfRangeException(
                nameof(options),
                options.WhenUnavailable,
                $"{nameof(BreakOptions)}.{nameof(BreakOptions.WhenUnavailable)} is not a value of its enumeration.");
    }

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
