using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// The system calls themselves, for what tests compare the library with: nothing here is the library's. Each returns what
/// the kernel answered.
/// </summary>
internal static unsafe partial class PlainCalls
{
    internal const int O_RDONLY = 0;
    internal const int O_RDWR = 2;
    internal const int O_CREAT = 0x40;
    internal const int O_EXCL = 0x80;
    internal const int O_APPEND = 0x400;

    internal const int KeepSize = 1;
    internal const int PunchHole = 2;
    internal const int CollapseRange = 8;
    internal const int ZeroRange = 16;
    internal const int InsertRange = 32;
    internal const int UnshareRange = 64;

    internal const int EPERM = 1;
    internal const int EIO = 5;
    internal const int EBADF = 9;
    internal const int EXDEV = 18;
    internal const int EINVAL = 22;
    internal const int ETXTBSY = 26;
    internal const int EFBIG = 27;
    internal const int ENOSPC = 28;
    internal const int EOPNOTSUPP = 95;
    private const int ENXIO = 6;
    private const int ENOTTY = 25;

    internal const uint Append = 0x20;
    internal const uint Immutable = 0x10;

    internal const int SealShrink = 2;
    internal const int SealGrow = 4;
    internal const int SealWrite = 8;
    internal const int SealFutureWrite = 16;

    private const int O_CLOEXEC = 0x80000;
    private const int MFD_CLOEXEC = 1;
    private const int MFD_ALLOW_SEALING = 2;
    private const int F_SETFL = 4;
    private const int F_ADD_SEALS = 1033;
    private const int MaxVectors = 1024;
    private const nuint FICLONE = 0x40049409;
    private const nuint FICLONERANGE = 0x4020940D;
    private const nuint FIDEDUPERANGE = 0xC0189436;
    private const nuint FS_IOC_FIEMAP = 0xC020660B;
    private const nuint FS_IOC_GETFLAGS = 0x80086601;
    private const nuint FS_IOC_SETFLAGS = 0x40086602;
    private const uint FIEMAP_FLAG_SYNC = 1;
    private const uint FIEMAP_EXTENT_LAST = 1;
    private const uint FIEMAP_EXTENT_MERGED = 0x1000;
    private const int SEEK_DATA = 3;
    private const int SEEK_HOLE = 4;
    private const int RLIMIT_FSIZE = 1;
    private const int RLIMIT_DATA = 2;
    private const int SIGBUS = 7;

    /// <param name="Errno">0 when it succeeded.</param>
    /// <param name="Count">What it returned then, where that is a count.</param>
    internal readonly record struct Answer(int Errno, long Count = 0);

    /// <summary>A run of bytes that the file system tells of; what no run covers is a hole.</summary>
    internal readonly record struct Run(long Offset, long Length, uint Flags)
    {
        public override string ToString() => $"[{Offset}, {Offset + Length}) 0x{Flags:x}";
    }

    internal static SafeFileHandle Open(string path, int flags)
    {
        SafeFileHandle handle = Open(path, flags | O_CLOEXEC, 0x1A4);
        Assert.False(handle.IsInvalid, $"open {path}: errno {Last}");
        return handle;
    }

    /// <summary>An unnamed file in memory that can be sealed.</summary>
    internal static SafeFileHandle Memfd()
    {
        SafeFileHandle handle = MemfdCreate("directmap-test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        Assert.False(handle.IsInvalid, $"memfd_create: errno {Last}");
        return handle;
    }

    internal static Answer Seal(SafeFileHandle file, int seals) => AnswerOf(Fcntl(file, F_ADD_SEALS, seals));

    /// <summary>Direct I/O from now on (O_DIRECT), which must be aligned.</summary>
    internal static Answer SetDirect(SafeFileHandle file) =>
        AnswerOf(Fcntl(file, F_SETFL, RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.Arm64
            or System.Runtime.InteropServices.Architecture.Arm ? 0x10000 : 0x4000));

    internal static Answer Fsync(SafeFileHandle file) => AnswerOf(FsyncCall(file));

    internal static Answer Write(SafeFileHandle file, ReadOnlySpan<byte> data, long offset)
    {
        // In bounds and alive: pointer and count are one span's, pinned for the block.
        fixed (byte* start = data)
        {
            return CountOf(Pwrite(file, start, (nuint)data.Length, offset));
        }
    }

    /// <summary>As many calls as there are thousands of buffers.</summary>
    internal static Answer Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
    {
        long total = 0;
        foreach (ReadOnlyMemory<byte>[] chunk in buffers.Chunk(MaxVectors))
        {
            MemoryHandle[] pins = [.. chunk.Select(buffer => buffer.Pin())];
            IoVector[] vectors = [.. chunk.Zip(pins, (buffer, pin) => new IoVector { Base = pin.Pointer, Length = (nuint)buffer.Length })];
            Answer answer;

            // In bounds and alive: each vector is one pinned memory, until the pins are disposed below.
            fixed (IoVector* first = vectors)
            {
                answer = CountOf(Pwritev(file, first, vectors.Length, offset + total));
            }

            Array.ForEach(pins, pin => pin.Dispose());
            if (answer.Errno != 0)
            {
                return answer;
            }

            total += answer.Count;
        }

        return new Answer(0, total);
    }

    internal static Answer Allocate(SafeFileHandle file, int mode, long offset, long length) =>
        AnswerOf(Fallocate(file, mode, offset, length));

    internal static Answer SetLength(SafeFileHandle file, long length) => AnswerOf(Ftruncate(file, length));

    internal static Answer Clone(SafeFileHandle source, SafeFileHandle file) => AnswerOf(Ioctl(file, FICLONE, source.DangerousGetHandle()));

    internal static Answer CloneRange(SafeFileHandle source, long sourceOffset, SafeFileHandle file, long offset, long length)
    {
        long* argument = stackalloc long[] { source.DangerousGetHandle(), sourceOffset, length, offset };
        return AnswerOf(Ioctl(file, FICLONERANGE, (nint)argument));
    }

    internal static Answer CopyRange(SafeFileHandle source, long sourceOffset, SafeFileHandle file, long offset, long length) =>
        CountOf(CopyFileRange(source, ref sourceOffset, file, ref offset, (nuint)length, 0));

    internal static Answer DedupeRange(SafeFileHandle source, long sourceOffset, SafeFileHandle file, long offset, long length)
    {
        // struct file_dedupe_range (source, length, one destination), then its file_dedupe_range_info (file, offset,
        // bytes deduped, status).
        long* argument = stackalloc long[] { sourceOffset, length, 1, file.DangerousGetHandle(), offset, 0, 0 };
        Answer answer = AnswerOf(Ioctl(source, FIDEDUPERANGE, (nint)argument));
        int status = (int)argument[6];
        return answer.Errno != 0 ? answer : status < 0 ? new Answer(-status) : new Answer(0, status == 0 ? argument[5] : 0);
    }

    internal static Answer GetFlags(SafeFileHandle file, out uint flags)
    {
        long value = 0;
        Answer answer = AnswerOf(Ioctl(file, FS_IOC_GETFLAGS, (nint)(&value)));
        flags = (uint)value;
        return answer;
    }

    internal static Answer SetFlags(SafeFileHandle file, uint flags)
    {
        long value = flags;
        return AnswerOf(Ioctl(file, FS_IOC_SETFLAGS, (nint)(&value)));
    }

    /// <summary>How long this process may make a file, in bytes.</summary>
    internal static Answer LimitFileSize(long bytes)
    {
        ulong* limit = stackalloc ulong[] { (ulong)bytes, ulong.MaxValue };
        return AnswerOf(Prlimit(0, RLIMIT_FSIZE, limit, null));
    }

    /// <summary>
    /// How much private memory this process may have that it can write to, in bytes: the kernel refuses anonymous mappings
    /// beyond it, and no others.
    /// </summary>
    internal static Answer LimitPrivateMemory(ulong bytes)
    {
        ulong* limit = stackalloc ulong[] { bytes, ulong.MaxValue };
        return AnswerOf(Prlimit(0, RLIMIT_DATA, limit, null));
    }

    /// <summary>Gives the signal of faults to the kernel again, as another library might that knows nothing of this one.</summary>
    internal static void ResetBusSignal() => _ = Signal(SIGBUS, 0);

    /// <summary>
    /// What the file system tells of the whole file, also behind its end: FIEMAP after what is dirty was written, or SEEK_DATA and
    /// SEEK_HOLE where there is no FIEMAP. Neighbours with equal flags are one run, since where a file system splits them is its luck.
    /// </summary>
    internal static List<Run> Extents(SafeFileHandle file)
    {
        List<Run> runs = [];
        int errno = Fiemap(file, runs);
        if (errno is EOPNOTSUPP or ENOTTY)
        {
            Seek(file, runs);
            errno = 0;
        }

        Assert.True(errno == 0, $"FIEMAP: errno {errno}");
        return runs;
    }

    private static int Fiemap(SafeFileHandle file, List<Run> runs)
    {
        const int HeaderSize = 32;
        const int ExtentSize = 56;
        const int Count = 64;
        byte[] buffer = new byte[HeaderSize + (Count * ExtentSize)];
        long position = 0;
        while (true)
        {
            Array.Clear(buffer);
            MemoryMarshal.Write(buffer, position);
            MemoryMarshal.Write(buffer.AsSpan(8), long.MaxValue - position);
            MemoryMarshal.Write(buffer.AsSpan(16), FIEMAP_FLAG_SYNC);
            MemoryMarshal.Write(buffer.AsSpan(24), Count);

            // In bounds and alive: the kernel writes as many extents as the header says the pinned array has room for.
            fixed (byte* start = buffer)
            {
                if (Ioctl(file, FS_IOC_FIEMAP, (nint)start) != 0)
                {
                    return Last;
                }
            }

            int mapped = MemoryMarshal.Read<int>(buffer.AsSpan(20));
            for (int i = 0; i < mapped; i++)
            {
                ReadOnlySpan<byte> extent = buffer.AsSpan(HeaderSize + (i * ExtentSize), ExtentSize);
                Run run = new(
                    MemoryMarshal.Read<long>(extent), MemoryMarshal.Read<long>(extent[16..]), MemoryMarshal.Read<uint>(extent[40..]));
                Add(runs, run with { Flags = run.Flags & ~(FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED) });
                position = run.Offset + run.Length;
                if ((run.Flags & FIEMAP_EXTENT_LAST) != 0)
                {
                    return 0;
                }
            }

            if (mapped == 0)
            {
                return 0;
            }
        }
    }

    /// <summary>Whether the file has anything but a hole, be it in memory only.</summary>
    internal static bool HasData(SafeFileHandle file) => Lseek(file, 0, SEEK_DATA) >= 0;

    private static void Seek(SafeFileHandle file, List<Run> runs)
    {
        long data = 0;
        while ((data = Lseek(file, data, SEEK_DATA)) >= 0)
        {
            long hole = Lseek(file, data, SEEK_HOLE);
            Assert.True(hole > data, $"SEEK_HOLE from {data}: {hole}, errno {Last}");
            Add(runs, new Run(data, hole - data, 0));
            data = hole;
        }

        Assert.Equal(ENXIO, Last);
    }

    private static void Add(List<Run> runs, Run run)
    {
        if (runs is [.., var last] && last.Offset + last.Length == run.Offset && last.Flags == run.Flags)
        {
            runs[^1] = last with { Length = last.Length + run.Length };
        }
        else
        {
            runs.Add(run);
        }
    }

    private static int Last => Marshal.GetLastPInvokeError();

    private static Answer AnswerOf(int result) => new(result == -1 ? Last : 0);

    private static Answer CountOf(nint result) => result < 0 ? new Answer(Last) : new Answer(0, result);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle MemfdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FsyncCall(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint Pwrite(SafeFileHandle file, byte* data, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwritev", SetLastError = true)]
    private static partial nint Pwritev(SafeFileHandle file, IoVector* vectors, int count, long offset);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int Ftruncate(SafeFileHandle file, long length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "copy_file_range", SetLastError = true)]
    private static partial nint CopyFileRange(
        SafeFileHandle source, ref long sourceOffset, SafeFileHandle file, ref long offset, nuint length, uint flags);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    private static partial int Prlimit(int process, int resource, ulong* newLimit, ulong* oldLimit);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Signal(int signal, nint handler);

    /// <summary>struct iovec</summary>
    private struct IoVector
    {
        internal void* Base;
        internal nuint Length;
    }
}
