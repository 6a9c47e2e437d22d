using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>pread(2), pwrite(2) and pwritev(2)</summary>
internal static partial class PositionedIO
{
    /// <summary>IOV_MAX: how many buffers one call takes.</summary>
    private const int MaxVectors = 1024;

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <returns>0 or the error number; <paramref name="count"/> is how many bytes were read.</returns>
    internal static unsafe int TryRead(SafeFileHandle file, Span<byte> buffer, long offset, out int count)
    {
        count = 0;
        // In bounds and alive: the pointer and the count come from one span, pinned for the block.
        fixed (byte* start = buffer)
        {
            while (count < buffer.Length)
            {
                nint read = Pread(file, start + count, (nuint)(buffer.Length - count), offset + count);
                if (read == 0)
                {
                    break;
                }

                if (read > 0)
                {
                    count += (int)read;
                }
                else if (Errno.Last is not Errno.EINTR and int errno)
                {
                    return errno;
                }
            }
        }

        return 0;
    }

    /// <summary>Writes everything; the kernel is asked also when that is nothing, since it may refuse that too.</summary>
    /// <returns>0 or the error number; <paramref name="count"/> is how many bytes were written.</returns>
    internal static unsafe int TryWrite(SafeFileHandle file, ReadOnlySpan<byte> buffer, long offset, out int count)
    {
        count = 0;
        // In bounds and alive: the pointer and the count come from one span, pinned for the block.
        fixed (byte* start = buffer)
        {
            do
            {
                nint written = Pwrite(file, start + count, (nuint)(buffer.Length - count), offset + count);
                if (written >= 0)
                {
                    count += (int)written;
                }
                else if (Errno.Last is not Errno.EINTR and int errno)
                {
                    return errno;
                }
            }
            while (count < buffer.Length);
        }

        return 0;
    }

    /// <summary>Writes all buffers, one after another, as one piece of the file.</summary>
    /// <returns>0 or the error number.</returns>
    internal static unsafe int TryWrite(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
    {
        int next = 0;
        int written = 0; // of buffers[next]
        MemoryHandle[] pins = new MemoryHandle[Math.Min(buffers.Count, MaxVectors)];
        IoVector[] vectors = new IoVector[pins.Length];
        while (next < buffers.Count)
        {
            int count = Math.Min(buffers.Count - next, MaxVectors);
            nint result;
            int pinned = 0;
            try
            {
                for (; pinned < count; pinned++)
                {
                    ReadOnlyMemory<byte> buffer = buffers[next + pinned][(pinned == 0 ? written : 0)..];
                    pins[pinned] = buffer.Pin();
                    vectors[pinned] = new IoVector { Base = pins[pinned].Pointer, Length = (nuint)buffer.Length };
                }

                // In bounds and alive: each vector is one pinned memory, until the pins are disposed below.
                fixed (IoVector* first = vectors)
                {
                    result = Pwritev(file, first, count, offset);
                }
            }
            finally
            {
                while (pinned > 0)
                {
                    pins[--pinned].Dispose();
                }
            }

            if (result < 0)
            {
                if (Errno.Last is not Errno.EINTR and int errno)
                {
                    return errno;
                }

                continue;
            }

            offset += result;
            while (next < buffers.Count && result >= buffers[next].Length - written)
            {
                result -= buffers[next].Length - written;
                written = 0;
                next++;
            }

            written += (int)result;
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "pread", SetLastError = true)]
    private static unsafe partial nint Pread(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport(Libc.Name, EntryPoint = "pwrite", SetLastError = true)]
    private static unsafe partial nint Pwrite(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport(Libc.Name, EntryPoint = "pwritev", SetLastError = true)]
    private static unsafe partial nint Pwritev(SafeFileHandle file, IoVector* vectors, int count, long offset);

    /// <summary>struct iovec</summary>
    private unsafe struct IoVector
    {
        internal void* Base;
        internal nuint Length;
    }
}
