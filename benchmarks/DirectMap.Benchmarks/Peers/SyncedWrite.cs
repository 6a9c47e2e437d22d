using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks.Peers;

/// <summary>pwritev2(2) with RWF_DSYNC: one system call that returns when the bytes are durable.</summary>
internal static unsafe partial class SyncedWrite
{
    private const int RWF_DSYNC = 2;

    internal static void To(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            Vector vector = new() { Base = start, Length = (nuint)bytes.Length };
            if (Invoke(file, &vector, 1, offset, RWF_DSYNC) != bytes.Length)
            {
                throw new IOException($"pwritev2: error {Marshal.GetLastPInvokeError()}");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "pwritev2", SetLastError = true)]
    private static partial nint Invoke(SafeFileHandle file, Vector* vectors, int count, long offset, int flags);

    /// <summary>struct iovec</summary>
    private struct Vector
    {
        internal byte* Base;
        internal nuint Length;
    }
}
