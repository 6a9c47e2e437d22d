using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// perf_event_open(2) with a clock that is looked at in user mode only: whether a thread that never blocks has left the system call that it
/// was in. /proc says "running" of it for as long as it computes. Nothing of the thread is read, and its system calls cost what they did.
/// </summary>
internal sealed unsafe partial class UserModeWatch : IDisposable
{
    private const uint PERF_TYPE_SOFTWARE = 1;
    private const ulong PERF_COUNT_SW_CPU_CLOCK = 0;
    private const ulong PERF_SAMPLE_TID = 0x2;
    private const ulong ExcludeKernelAndHypervisor = (1 << 5) | (1 << 6);
    private const ulong PERF_FLAG_FD_CLOEXEC = 0x8;
    private const int SizeOfAttributes = 64; // PERF_ATTR_SIZE_VER0, which each kernel takes.
    private const ulong Period = 100_000; // in nanoseconds of the thread's own time

    private readonly SafeFileHandle _event;
    private readonly MappedPages _pages;

    private UserModeWatch(SafeFileHandle opened, MappedPages pages)
    {
        _event = opened;
        _pages = pages;
    }

    private static long Number => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 241 : 298;

    /// <summary>Begins to look at a thread.</summary>
    /// <returns>Null: it cannot be had, or there is no such thread.</returns>
    internal static UserModeWatch? TryBegin(int thread)
    {
        Attributes attributes = new()
        {
            Type = PERF_TYPE_SOFTWARE,
            Size = SizeOfAttributes,
            Config = PERF_COUNT_SW_CPU_CLOCK,
            SamplePeriod = Period,
            SampleType = PERF_SAMPLE_TID,
            Flags = ExcludeKernelAndHypervisor,
            WakeupEvents = 1,
        };
        SafeFileHandle opened = new((nint)Call(Number, &attributes, thread, -1, -1, PERF_FLAG_FD_CLOEXEC), ownsHandle: true);
        if (opened.IsInvalid)
        {
            opened.Dispose();
            return null;
        }

        // Samples want a buffer: a page for its head, and one for what is told.
        nuint length = 2 * (nuint)Environment.SystemPageSize;
        if (Mmap.TryMapFile(null, length, writable: true, isSync: false, opened, 0, out MappedPages pages) == 0)
        {
            return new UserModeWatch(opened, pages);
        }

        pages.Dispose();
        opened.Dispose();
        return null;
    }

    /// <summary>Waits until the thread was seen in user mode after the watch began.</summary>
    internal bool WasSeen(int milliseconds) => Poll.Wait([_event], milliseconds) > 0;

    public void Dispose()
    {
        _pages.Dispose();
        _event.Dispose();
    }

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, Attributes* attributes, int thread, int cpu, int group, ulong flags);

    /// <summary>struct perf_event_attr, its first version.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        internal uint Type;
        internal uint Size;
        internal ulong Config;
        internal ulong SamplePeriod;
        internal ulong SampleType;
        internal ulong ReadFormat;
        internal ulong Flags;
        internal uint WakeupEvents;
        internal uint BreakpointType;
        internal ulong Config1;
    }
}
