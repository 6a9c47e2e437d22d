using System.Reflection;

namespace DirectMap.BreakerTable.Holding;

/// <summary>Who a break is by.</summary>
internal sealed record BreakerOf(int ProcessId, string Command, string SystemCall)
{
    private static readonly PropertyInfo? s_process = typeof(LeaseBreak).GetProperty("Process");

    /// <returns>Null for an operation through the library.</returns>
    internal static BreakerOf? Of(LeaseBreak leaseBreak)
    {
        object? process = s_process?.GetValue(leaseBreak);
        return process is null ? null : new BreakerOf(
            (int)Property(process, "ProcessId")!, $"{Property(process, "Command")}", $"{Property(process, "SystemCall")}");
    }

    private static object? Property(object process, string name) => process.GetType().GetProperty(name)!.GetValue(process);
}
