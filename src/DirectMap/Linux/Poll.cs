using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>poll(2), for reading.</summary>
internal static unsafe partial class Poll
{
    private const short POLLIN = 0x1;

    /// <summary>Waits until one of the descriptors has something to be read, or has failed.</summary>
    /// <param name="descriptors">Which; null for none.</param>
    /// <param name="milliseconds">How long at most; -1 for ever.</param>
    /// <returns>How many have; 0 when the time is over; -1 when it failed.</returns>
    internal static int Wait(ReadOnlySpan<SafeFileHandle?> descriptors, int milliseconds)
    {
        Item* items = stackalloc Item[descriptors.Length];
        int held = 0;
        try
        {
            for (; held < descriptors.Length; held++)
            {
                items[held] = new Item { Descriptor = -1, Events = POLLIN };
                if (descriptors[held] is { } one)
                {
                    bool added = false;
                    one.DangerousAddRef(ref added); // Its number is nobody else's until it is given back below.
                    items[held].Descriptor = (int)one.DangerousGetHandle();
                }
            }

            int ready = Invoke(items, (nuint)descriptors.Length, milliseconds);
            return ready < 0 && Errno.Last == Errno.EINTR ? 0 : ready;
        }
        finally
        {
            while (--held >= 0)
            {
                descriptors[held]?.DangerousRelease();
            }
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "poll", SetLastError = true)]
    private static partial int Invoke(Item* items, nuint count, int milliseconds);

    /// <summary>struct pollfd</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Item
    {
        internal int Descriptor;
        internal short Events;
        internal short Returned;
    }
}
