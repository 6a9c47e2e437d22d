using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace DirectMap;

/// <summary>Settings of a <see cref="LeaseCoordinator"/>.</summary>
public sealed record LeaseCoordinatorOptions
{
    private readonly TimeSpan _leaseBreakTime = DefaultLeaseBreakTime;

    /// <summary>The kernel's default of /proc/sys/fs/lease-break-time: 45 seconds.</summary>
    public static TimeSpan DefaultLeaseBreakTime { get; } = TimeSpan.FromSeconds(45);

    /// <summary>The system's clock, 45 seconds, no logger.</summary>
    public static LeaseCoordinatorOptions Default { get; } = new();

    /// <summary>The clock of every deadline and timeout; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How long a holder has to let go; 45 seconds by default, <see cref="TimeSpan.Zero"/> for ever.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than <see cref="int.MaxValue"/> milliseconds.</exception>
    public TimeSpan LeaseBreakTime
    {
        get => _leaseBreakTime;
        init
        {
            ThrowIfNotABreakTime(value);
            _leaseBreakTime = value;
        }
    }

    /// <summary>
    /// Receives what user callbacks throw (<see cref="LeaseCoordinator.CallbackFailed"/>); null (the default): it is logged, or without a
    /// logger goes to Trace.
    /// </summary>
    public Action<Exception>? CallbackFailed { get; init; }

    /// <summary>
    /// Receives what the diagnostic mode finds (<see cref="LeaseCoordinator.Diagnostics"/>); null (the default) for off.
    /// </summary>
    public Action<DiagnosticFinding>? Diagnostics { get; init; }

    /// <summary>
    /// Where leases, breaks and failed callbacks are logged (category "DirectMap.Leases"); null (the default) for nowhere.
    /// </summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Makes the meter "DirectMap" that measures; null (the default) for the process's own.</summary>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>The configuration that the coordinator is of, as measurements name it; null for none.</summary>
    internal string? Configuration { get; init; }

    internal static void ThrowIfNotABreakTime(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromMilliseconds(int.MaxValue));
    }
}
