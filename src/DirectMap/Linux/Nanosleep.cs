using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>nanosleep(2), for waits of less than a millisecond.</summary>
internal static unsafe partial class Nanosleep
{
    /// <summary>Sleeps for about so long; a signal may end it.</summary>
    /// <param name="microseconds">Less than a second.</param>
    internal static void For(int microseconds)
    {
        Time time = new() { Nanoseconds = microseconds * 1000 };
        _ = Invoke(&time, null);
    }

    [LibraryImport(Libc.Name, EntryPoint = "nanosleep")]
    private static partial int Invoke(Time* wanted, Time* left);

    /// <summary>struct timespec</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        internal nint Seconds;
        internal nint Nanoseconds;
    }
}
