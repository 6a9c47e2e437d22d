using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;

namespace DirectMap.Linux;

/// <summary>
/// What /proc tells of one thread of any process: its system call, its kernel stack and its descriptors. It needs CAP_SYS_PTRACE and, for
/// threads of others, CAP_DAC_READ_SEARCH. Nothing here asks a file system but /proc, and nothing is allocated but what is text.
/// </summary>
internal static unsafe partial class ProcThread
{
    /// <summary>Bytes of a kernel stack that are read: 64 lines or so, of which the first are the innermost.</summary>
    private const int MaxStack = 8 << 10;

    private const int MaxPath = 64;
    private const int O_RDONLY = 0;
    private const int O_CLOEXEC = 0x80000;

    /// <summary>Reads /proc/TID/syscall.</summary>
    /// <param name="thread">Which.</param>
    /// <param name="call">What it is in; <see cref="ThreadCall.Running"/> where it runs, in the kernel or not.</param>
    /// <returns>0, or the error number: ENOENT and ESRCH where there is no such thread.</returns>
    internal static int TryReadCall(int thread, out ThreadCall call)
    {
        Span<byte> text = stackalloc byte[256];
        int errno = TryRead(thread, "/syscall"u8, -1, text, out int length);
        call = errno == 0 ? ThreadCall.Parse(text[..length]) : default;
        return errno;
    }

    /// <summary>Whether there is no such thread. One that is hidden is there.</summary>
    internal static bool IsGone(int thread) => TryReadCall(thread, out _) is Errno.ENOENT or Errno.ESRCH;

    /// <summary>Reads /proc/TID/stack, the names of the kernel's functions that the thread is in; null where it cannot be had.</summary>
    internal static string? TryReadStack(int thread)
    {
        Span<byte> text = stackalloc byte[MaxStack];
        return TryRead(thread, "/stack"u8, -1, text, out int length) == 0 ? Encoding.ASCII.GetString(text[..length]) : null;
    }

    /// <summary>What the thread calls itself; null where there is no such thread.</summary>
    internal static string? NameOf(int thread)
    {
        Span<byte> text = stackalloc byte[64];
        return TryRead(thread, "/comm"u8, -1, text, out int length) == 0 ? Encoding.UTF8.GetString(text[..length]).TrimEnd('\n') : null;
    }

    /// <summary>Which process it is a thread of (Tgid); 0 where there is no such thread.</summary>
    internal static int ProcessOf(int thread)
    {
        if (ThreadFd.ProcessOf(thread) is not 0 and int process)
        {
            return process;
        }

        Span<byte> text = stackalloc byte[2048];
        return TryRead(thread, "/status"u8, -1, text, out int length) == 0 && TryFind(text[..length], "\nTgid:\t"u8, 10, out long number)
            ? (int)number
            : 0;
    }

    /// <summary>Whether it is the only thread of its process.</summary>
    internal static bool IsAlone(int thread)
    {
        Span<byte> text = stackalloc byte[2048];
        return TryRead(thread, "/status"u8, -1, text, out int length) == 0
            && TryFind(text[..length], "\nThreads:\t"u8, 10, out long threads) && threads == 1;
    }

    /// <summary>
    /// Which capability this process lacks to see what threads of others do, by the kernel's name; null for none. Who has more of them than
    /// it has is hidden all the same.
    /// </summary>
    internal static string? MissingCapability()
    {
        const int CAP_DAC_OVERRIDE = 1;
        const int CAP_DAC_READ_SEARCH = 2;
        const int CAP_SYS_PTRACE = 19;
        Span<byte> text = stackalloc byte[2048];
        if (TryRead(Environment.ProcessId, "/status"u8, -1, text, out int length) != 0
            || !TryFind(text[..length], "\nCapEff:\t"u8, 16, out long effective))
        {
            return null;
        }

        return (effective & (1L << CAP_SYS_PTRACE)) == 0 ? nameof(CAP_SYS_PTRACE)
            : (effective & ((1L << CAP_DAC_READ_SEARCH) | (1L << CAP_DAC_OVERRIDE))) == 0 ? nameof(CAP_DAC_READ_SEARCH)
            : null;
    }

    /// <summary>What a descriptor of the thread's is.</summary>
    /// <param name="thread">Which.</param>
    /// <param name="descriptor">The descriptor's number.</param>
    /// <param name="flags">As open(2) has them.</param>
    /// <param name="inode">The number of its inode; 0 from kernels that do not tell it.</param>
    /// <returns>0, or the error number.</returns>
    internal static int TryReadDescriptor(int thread, int descriptor, out int flags, out ulong inode)
    {
        (flags, inode) = (0, 0);
        Span<byte> text = stackalloc byte[1024];
        int errno = TryRead(thread, "/fdinfo/"u8, descriptor, text, out int length);
        if (errno != 0)
        {
            return errno;
        }

        if (!TryFind(text[..length], "flags:\t"u8, 8, out long octal))
        {
            return Errno.EINVAL;
        }

        flags = (int)octal;
        inode = TryFind(text[..length], "\nino:\t"u8, 10, out long number) ? (ulong)number : 0;
        return 0;
    }

    private static bool TryFind(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name, int numberBase, out long value)
    {
        value = 0;
        int at = text.IndexOf(name);
        if (at < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> digits = text[(at + name.Length)..];
        int end = 0;
        for (; end < digits.Length && char.IsAsciiHexDigit((char)digits[end]); end++)
        {
            int digit = digits[end] <= (byte)'9' ? digits[end] - '0' : (digits[end] | 0x20) - 'a' + 10;
            value = unchecked((value * numberBase) + digit);
        }

        return end > 0;
    }

    private static int TryRead(int thread, ReadOnlySpan<byte> name, int number, Span<byte> text, out int length)
    {
        length = 0;
        byte* path = stackalloc byte[MaxPath];
        Span<byte> rest = new(path, MaxPath);
        "/proc/"u8.CopyTo(rest);
        rest = rest["/proc/"u8.Length..];
        _ = Utf8Formatter.TryFormat(thread, rest, out int digits);
        rest = rest[digits..];
        name.CopyTo(rest);
        rest = rest[name.Length..];
        digits = 0;
        if (number >= 0)
        {
            _ = Utf8Formatter.TryFormat(number, rest, out digits);
        }

        rest[digits] = 0;
        int opened = Open(path, O_RDONLY | O_CLOEXEC);
        if (opened < 0)
        {
            return Errno.Last;
        }

        try
        {
            // In bounds: the pointer is used during the call only, with the span's own length. One read brings all that there is.
            fixed (byte* start = text)
            {
                nint count;
                while ((count = Read(opened, start, (nuint)text.Length)) < 0)
                {
                    if (Errno.Last is not Errno.EINTR and int errno)
                    {
                        return errno;
                    }
                }

                length = (int)count;
                return 0;
            }
        }
        finally
        {
            _ = Close(opened);
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "open", SetLastError = true)]
    private static partial int Open(byte* path, int flags);

    [LibraryImport(Libc.Name, EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport(Libc.Name, EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
