using DirectMap.Linux;

namespace DirectMap.Configuration;

/// <summary>What the system says where nobody has set anything.</summary>
internal static class SystemSettings
{
    /// <summary>The system's break time, /proc/sys/fs/lease-break-time; 45 seconds where there is none.</summary>
    internal static TimeSpan LeaseBreakTime()
    {
        long seconds = ProcSys.ReadNumber(
            "/proc/sys/fs/lease-break-time", (long)LeaseCoordinatorOptions.DefaultLeaseBreakTime.TotalSeconds);
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, int.MaxValue / 1000));
    }
}
