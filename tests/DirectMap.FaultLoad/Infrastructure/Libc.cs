using System.Runtime.InteropServices;

namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>Plain system calls: what the library under test is tried with must not come from it.</summary>
internal static unsafe partial class Libc
{
    internal const int PROT_NONE = 0;
    internal const int PROT_READ = 1;
    internal const int PROT_WRITE = 2;
    internal const int MAP_SHARED = 1;
    internal const int MAP_PRIVATE = 2;
    internal const int MAP_FIXED = 0x10;
    internal const int MAP_ANONYMOUS = 0x20;
    internal const int MAP_NORESERVE = 0x4000;
    internal const int MAP_FIXED_NOREPLACE = 0x100000;
    internal const int SIGBUS = 7;

    private const string Name = "libc";

    /// <summary>Maps anonymous memory; null when there is none, or the address is taken.</summary>
    internal static byte* MapAnonymous(byte* at, long length, int flags = 0, int protection = PROT_READ | PROT_WRITE)
    {
        byte* mapped = mmap(at, (nuint)length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
        return mapped == (byte*)-1 ? null : mapped;
    }

    /// <summary>Maps a file for reading and writing.</summary>
    internal static byte* MapFile(int file, long length)
    {
        byte* mapped = mmap(null, (nuint)length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        return mapped == (byte*)-1 ? throw new IOException($"mmap failed ({Marshal.GetLastPInvokeError()})") : mapped;
    }

    internal static void Unmap(byte* at, long length) => Check(munmap(at, (nuint)length), "munmap");

    /// <summary>A file in memory.</summary>
    internal static int CreateFile(long length)
    {
        int file = memfd_create("fault-load", 1 /* MFD_CLOEXEC */);
        Check(file, "memfd_create");
        SetLength(file, length);
        return file;
    }

    internal static void SetLength(int file, long length) => Check(ftruncate(file, length), "ftruncate");

    internal static void Write(int file, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* from = bytes)
        {
            Check((int)pwrite(file, from, (nuint)bytes.Length, offset), "pwrite");
        }
    }

    /// <summary>All that is mapped from now on is locked; not where the process may not.</summary>
    internal static bool TryLockNew() => mlockall(2 /* MCL_FUTURE */) == 0;

    internal static void Close(int file) => Check(close(file), "close");

    /// <summary>
    /// Loads a byte in native code, where a thread that stays in a signal handler does not keep the garbage collector waiting.
    /// </summary>
    internal static byte Load(byte* from)
    {
        byte value;
        memcpy(&value, from, 1);
        return value;
    }

    [LibraryImport(Name)]
    internal static partial int getpid();

    [LibraryImport(Name)]
    internal static partial int kill(int process, int signal);

    [LibraryImport(Name)]
    internal static partial void _exit(int status);

    private static void Check(int result, string call)
    {
        if (result < 0)
        {
            throw new IOException($"{call} failed ({Marshal.GetLastPInvokeError()})");
        }
    }

    [LibraryImport(Name, SetLastError = true)]
    private static partial byte* mmap(byte* at, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport(Name, SetLastError = true)]
    private static partial int munmap(byte* at, nuint length);

    [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport(Name, SetLastError = true)]
    private static partial int ftruncate(int file, long length);

    [LibraryImport(Name, SetLastError = true)]
    private static partial nint pwrite(int file, byte* from, nuint length, long offset);

    [LibraryImport(Name, SetLastError = true)]
    private static partial int mlockall(int flags);

    [LibraryImport(Name, SetLastError = true)]
    private static partial int close(int file);

    [LibraryImport(Name)]
    private static partial void* memcpy(void* to, void* from, nuint length);
}
