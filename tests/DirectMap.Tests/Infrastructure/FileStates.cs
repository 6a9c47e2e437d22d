using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <summary>The states of a file that matter to a mapping of it.</summary>
public enum FileState
{
    Written,
    Hole,
    Unwritten,
    HalfWritten,
    Shared,
    SharedInTheMiddle,
    Delayed,
    Small,
    Fragmented,
    WrittenBeyond4GiB,
    HoleBeyond4GiB,
}

/// <summary>Brings files into a state with the kernel's own calls: the library is what is to be compared with them.</summary>
internal static partial class FileStates
{
    internal const int Length = 64 << 10;
    internal const int BlockSize = 4096;

    /// <summary>Fits into an inode of 256 bytes.</summary>
    internal const int SmallLength = 60;

    internal const int FragmentCount = 10_000;
    internal const int EOPNOTSUPP = 95;

    private const long Beyond4GiB = 4L << 30;
    private const int FALLOC_FL_KEEP_SIZE = 1;
    private const int FALLOC_FL_PUNCH_HOLE = 2;
    private const nuint FICLONE = 0x40049409;
    private const nuint FICLONERANGE = 0x4020940D;

    /// <summary>Makes a file in a state; what it shares blocks with lies beside it.</summary>
    /// <returns>The bytes of it that are in this state.</returns>
    /// <exception cref="IOException">The file system cannot; HResult is the error number.</exception>
    internal static FileRange Make(FileState state, string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        FileRange whole = new(0, Length);
        switch (state)
        {
            case FileState.Written:
                Write(file, 0, Length);
                break;
            case FileState.Hole:
                RandomAccess.SetLength(file, Length);
                break;
            case FileState.Unwritten:
                Allocate(file, 0, 0, Length);
                break;
            case FileState.HalfWritten:
                Allocate(file, 0, 0, Length);
                Write(file, 0, Length / 2);
                break;
            case FileState.Shared:
                Write(file, 0, Length);
                Clone(file, path + ".twin");
                break;
            case FileState.SharedInTheMiddle:
                Write(file, 0, Length);
                Clone(file, path + ".twin", new FileRange(Length / 4, Length / 2));
                break;
            case FileState.Delayed:
                Write(file, 0, Length);
                return whole; // The one that is not synced.
            case FileState.Small:
                Write(file, 0, SmallLength);
                whole = new FileRange(0, SmallLength);
                break;
            case FileState.Fragmented:
                whole = FragmentByTurns(file);
                break;
            case FileState.WrittenBeyond4GiB:
            case FileState.HoleBeyond4GiB:
                RandomAccess.SetLength(file, Beyond4GiB + (2 * Length));
                Write(file, Beyond4GiB, Length);
                whole = new FileRange(state == FileState.WrittenBeyond4GiB ? Beyond4GiB : Beyond4GiB + Length, Length);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state.");
        }

        RandomAccess.FlushToDisk(file);
        return whole;
    }

    /// <summary>
    /// Leaves only single blocks free, and writes a file into them. Fills the file system meanwhile, so nobody else may be using it.
    /// </summary>
    internal static void FragmentByLackOfSpace(string path)
    {
        // XFS keeps some thousand blocks in reserve, and they are used first: the file does not get single blocks only.
        const int Room = 2 * FragmentCount;
        string holed = path + ".holed", filler = path + ".filler";
        using (SafeFileHandle sieve = File.OpenHandle(holed, FileMode.CreateNew, FileAccess.ReadWrite))
        using (SafeFileHandle rest = File.OpenHandle(filler, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            Allocate(sieve, 0, 0, 2L * Room * BlockSize);
            Fill(rest);
            for (long block = 0; block < 2 * Room; block += 2)
            {
                Allocate(sieve, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, block * BlockSize, BlockSize);
            }

            RandomAccess.FlushToDisk(sieve);
            using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
            long length = (Room - (Room / 16)) * (long)BlockSize;
            Allocate(file, 0, 0, length);
            Write(file, 0, length);
            RandomAccess.FlushToDisk(file);
        }

        File.Delete(holed);
        File.Delete(filler);
    }

    /// <summary>Allocates blocks beyond the end of the file.</summary>
    internal static void AllocateBeyondEnd(string path, long offset, long length)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        Allocate(file, FALLOC_FL_KEEP_SIZE, offset, length);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>
    /// Every other block first, and those between them later: btrfs puts each elsewhere. FragmentedFiles has another way for the file
    /// systems that do not.
    /// </summary>
    private static FileRange FragmentByTurns(SafeFileHandle file)
    {
        const int Blocks = FragmentCount + (FragmentCount / 5); // By chance some end up beside each other.
        for (int turn = 0; turn < 2; turn++)
        {
            for (int block = turn; block < Blocks; block += 2)
            {
                Write(file, (long)block * BlockSize, BlockSize);
            }

            RandomAccess.FlushToDisk(file);
        }

        return new FileRange(0, (long)Blocks * BlockSize);
    }

    private static void Fill(SafeFileHandle file)
    {
        const int ENOSPC = 28;
        long end = 0;
        for (long size = 256L << 20; size >= BlockSize;)
        {
            int errno = TryAllocate(file, 0, end, size);
            if (errno == 0)
            {
                end += size;
                continue;
            }

            Assert.Equal(ENOSPC, errno);
            RandomAccess.FlushToDisk(file);
            size /= 2;
        }
    }

    private static void Write(SafeFileHandle file, long offset, long length)
    {
        byte[] bytes = new byte[Math.Min(length, 1 << 20)];
        Array.Fill(bytes, (byte)0x5A);
        for (long done = 0; done < length; done += bytes.Length)
        {
            RandomAccess.Write(file, bytes.AsSpan(0, (int)Math.Min(bytes.Length, length - done)), offset + done);
        }
    }

    private static void Allocate(SafeFileHandle file, int mode, long offset, long length) =>
        ThrowIf(TryAllocate(file, mode, offset, length), "fallocate");

    private static int TryAllocate(SafeFileHandle file, int mode, long offset, long length) =>
        Fallocate(file, mode, offset, length) == 0 ? 0 : Marshal.GetLastPInvokeError();

    private static void Clone(SafeFileHandle source, string path, FileRange? part = null)
    {
        RandomAccess.FlushToDisk(source);
        using SafeFileHandle twin = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        CloneArgument argument = new()
        {
            Source = source.DangerousGetHandle(),
            SourceOffset = part?.Offset ?? 0,
            SourceLength = part?.Length ?? 0
        };
        int result = part is null ? Clone(twin, FICLONE, source.DangerousGetHandle()) : CloneRange(twin, FICLONERANGE, argument);
        ThrowIf(result == 0 ? 0 : Marshal.GetLastPInvokeError(), "sharing blocks");
        RandomAccess.FlushToDisk(twin);
    }

    private static void ThrowIf(int errno, string what)
    {
        if (errno != 0)
        {
            throw new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
        }
    }

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Clone(SafeFileHandle destination, nuint request, nint source);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int CloneRange(SafeFileHandle destination, nuint request, in CloneArgument argument);

    /// <summary>struct file_clone_range</summary>
    private struct CloneArgument
    {
        internal long Source;
        internal long SourceOffset;
        internal long SourceLength;
        internal long DestinationOffset;
    }
}
