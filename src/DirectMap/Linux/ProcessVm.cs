using System.Runtime.InteropServices;
using DirectMap.Threading;

namespace DirectMap.Linux;

/// <summary>
/// process_vm_readv(2) and process_vm_writev(2) on the process itself: copies that end with an error number where an access
/// would raise a signal.
/// </summary>
internal static unsafe partial class ProcessVm
{
    private static readonly UninterruptedLazy<int> s_obstacle = new(TryOnce);

    /// <summary>
    /// Why the calls are not to be had, as an error number (EPERM or ENOSYS, from a seccomp filter or an old kernel); or 0.
    /// </summary>
    internal static int Obstacle => s_obstacle.Value;

    /// <summary>Copies memory that may have been lost.</summary>
    /// <returns>How many bytes, from the first one; or the error number, negative: EFAULT where nothing could be copied.</returns>
    internal static long TryRead(byte* from, byte* to, nuint length) => Copy(readv: true, to, from, length);

    /// <summary>Copies to memory that may have been lost.</summary>
    /// <inheritdoc cref="TryRead"/>
    internal static long TryWrite(byte* from, byte* to, nuint length) => Copy(readv: false, from, to, length);

    private static int TryOnce()
    {
        byte from = 1;
        byte to = 0;
        long read = TryRead(&from, &to, 1);
        long written = read < 0 ? read : TryWrite(&from, &to, 1);
        return written < 0 ? (int)-written : 0;
    }

    private static long Copy(bool readv, byte* local, byte* remote, nuint length)
    {
        Vector mine = new() { Start = local, Length = length };
        Vector mapped = new() { Start = remote, Length = length };
        nint count = readv
            ? process_vm_readv(Environment.ProcessId, &mine, 1, &mapped, 1, 0)
            : process_vm_writev(Environment.ProcessId, &mine, 1, &mapped, 1, 0);
        return count < 0 ? -Errno.Last : count;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial nint process_vm_readv(int pid, Vector* local, nuint localCount, Vector* remote, nuint remoteCount, nuint flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial nint process_vm_writev(int pid, Vector* local, nuint localCount, Vector* remote, nuint remoteCount, nuint flags);

    /// <summary>struct iovec</summary>
    private struct Vector
    {
        internal byte* Start;
        internal nuint Length;
    }
}
