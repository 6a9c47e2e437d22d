using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>ioctl(2) with FICLONE, FICLONERANGE and FIDEDUPERANGE: files that share blocks.</summary>
internal static partial class Reflink
{
    private const nuint FICLONE = 0x40049409;
    private const nuint FICLONERANGE = 0x4020940D;
    private const nuint FIDEDUPERANGE = 0xC0189436;
    private const int FILE_DEDUPE_RANGE_DIFFERS = 1;

    /// <returns>0, or the error number.</returns>
    internal static int TryClone(SafeFileHandle source, SafeFileHandle destination)
    {
        using Held from = new(source);
        while (Clone(destination, FICLONE, from.Number) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    /// <param name="source">The file whose blocks are to be shared.</param>
    /// <param name="range">Its bytes; a length of 0 would mean up to the end.</param>
    /// <param name="destination">The file that is to share them.</param>
    /// <param name="offset">Where in it.</param>
    /// <returns>0, or the error number.</returns>
    internal static int TryCloneRange(SafeFileHandle source, FileRange range, SafeFileHandle destination, long offset)
    {
        using Held from = new(source);
        CloneArgument argument = new()
        {
            Source = from.Number,
            SourceOffset = (ulong)range.Offset,
            SourceLength = (ulong)range.Length,
            DestinationOffset = (ulong)offset
        };
        while (CloneRange(destination, FICLONERANGE, argument) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    /// <summary>
    /// Has the file system compare two ranges and share the blocks where they are equal. It may do less than was asked for.
    /// </summary>
    /// <param name="source">The file that keeps its blocks.</param>
    /// <param name="range">Its bytes.</param>
    /// <param name="destination">The file that is to share them.</param>
    /// <param name="offset">Where in it.</param>
    /// <param name="deduped">How many bytes are shared now; 0 when the contents differ.</param>
    /// <returns>0, or the error number.</returns>
    internal static int TryDedupe(SafeFileHandle source, FileRange range, SafeFileHandle destination, long offset, out long deduped)
    {
        using Held to = new(destination);
        DedupeArgument argument = new()
        {
            SourceOffset = (ulong)range.Offset,
            SourceLength = (ulong)range.Length,
            DestinationCount = 1,
            Destination = to.Number,
            DestinationOffset = (ulong)offset,
        };
        deduped = 0;
        while (Dedupe(source, FIDEDUPERANGE, ref argument) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        if (argument.Status < 0)
        {
            return -argument.Status;
        }

        deduped = argument.Status == FILE_DEDUPE_RANGE_DIFFERS ? 0 : (long)argument.BytesDeduped;
        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Clone(SafeFileHandle destination, nuint request, nint source);

    [LibraryImport(Libc.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int CloneRange(SafeFileHandle destination, nuint request, in CloneArgument argument);

    [LibraryImport(Libc.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Dedupe(SafeFileHandle source, nuint request, ref DedupeArgument argument);

    /// <summary>A descriptor's number within a structure, which the marshaller does not see, kept from being closed meanwhile.</summary>
    private readonly ref struct Held : IDisposable
    {
        private readonly SafeFileHandle _file;

        internal Held(SafeFileHandle file)
        {
            bool referenced = false;
            file.DangerousAddRef(ref referenced);
            _file = file;
            Number = file.DangerousGetHandle();
        }

        internal nint Number { get; }

        public void Dispose() => _file.DangerousRelease();
    }

    /// <summary>struct file_clone_range</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CloneArgument
    {
        internal long Source;
        internal ulong SourceOffset;
        internal ulong SourceLength;
        internal ulong DestinationOffset;
    }

    /// <summary>struct file_dedupe_range with its only struct file_dedupe_range_info</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct DedupeArgument
    {
        internal ulong SourceOffset;
        internal ulong SourceLength;
        internal ushort DestinationCount;
        internal ushort Reserved1;
        internal uint Reserved2;
        internal long Destination;
        internal ulong DestinationOffset;
        internal ulong BytesDeduped;
        internal int Status;
        internal uint Reserved3;
    }
}
