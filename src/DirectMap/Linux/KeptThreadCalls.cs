using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>
/// Reads /proc/TID/syscall, and keeps it open for those threads that were asked for last: to open and close it takes twice as long as to
/// read it, and the same threads come again and again. A descriptor of it is the thread's own and not its number's, so that it gives
/// nothing when the thread is gone, whoever has the number then; and each reading is allowed or refused anew. For one thread's use.
/// </summary>
internal sealed unsafe partial class KeptThreadCalls
{
    private const int Most = 16;
    private const int None = -1;
    private const int O_CLOEXEC = 0x80000;

    private readonly (int Thread, int Descriptor)[] _kept = new (int, int)[Most];

    internal KeptThreadCalls() => Array.Fill(_kept, (0, None));

    /// <inheritdoc cref="ProcThread.TryReadCall"/>
    internal int TryRead(int thread, out ThreadCall call)
    {
        ref (int Thread, int Descriptor) one = ref _kept[(uint)thread % Most];
        if (one.Thread == thread && one.Descriptor >= 0 && TryReadFrom(one.Descriptor, out call))
        {
            return 0;
        }

        Close(ref one);
        int opened = Open(thread);
        if (opened < 0)
        {
            call = default;
            return Errno.Last;
        }

        one = (thread, opened);
        if (TryReadFrom(opened, out call))
        {
            return 0;
        }

        int errno = Errno.Last;
        Close(ref one);
        return errno != 0 ? errno : Errno.ENOENT;
    }

    /// <summary>Gives all descriptors back; it can be used again.</summary>
    internal void Close()
    {
        for (int i = 0; i < Most; i++)
        {
            Close(ref _kept[i]);
        }
    }

    private static bool TryReadFrom(int descriptor, out ThreadCall call)
    {
        const int Length = 256;
        byte* text = stackalloc byte[Length];
        nint read = ReadAt(descriptor, text, Length, 0);
        call = read > 0 ? ThreadCall.Parse(new ReadOnlySpan<byte>(text, (int)read)) : default;
        return read > 0;
    }

    private static int Open(int thread)
    {
        const int MaxPath = 64;
        byte* path = stackalloc byte[MaxPath];
        Span<byte> rest = new(path, MaxPath);
        "/proc/"u8.CopyTo(rest);
        rest = rest["/proc/"u8.Length..];
        _ = Utf8Formatter.TryFormat(thread, rest, out int digits);
        "/syscall\0"u8.CopyTo(rest[digits..]);
        return OpenPath(path, O_CLOEXEC);
    }

    private static void Close(ref (int Thread, int Descriptor) one)
    {
        if (one.Descriptor >= 0)
        {
            _ = CloseNumber(one.Descriptor);
            one = (0, None);
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "open", SetLastError = true)]
    private static partial int OpenPath(byte* path, int flags);

    [LibraryImport(Libc.Name, EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadAt(int descriptor, byte* buffer, nuint length, long offset);

    [LibraryImport(Libc.Name, EntryPoint = "close")]
    private static partial int CloseNumber(int descriptor);
}
