using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>
/// Which system call a number is. /proc tells the number alone, not of which ABI: a 32-bit process shows i386's. None of i386's numbers of
/// calls that write is that of a call here which reads, and none that opens is one here that opens.
/// </summary>
internal static class SystemCallNumbers
{
    private const int X32 = 0x40000000; // The bit of that ABI.

    /// <summary>What may change a file or map it, by the numbers of i386 and of 32-bit Arm: a 32-bit process shows those.</summary>
    private static readonly FrozenSet<int> s_changesOf32Bits =
        new[]
        {
            4, 5, 8, 54, 90, 92, 93, 146, 181, 187, 192, 193, 194, 219, 220, 239, 246, 248, 253, 257, 295, 313, 322, 324, 334, 340, 342,
            352, 362, 371, 377, 379, 391, 393,
        }.ToFrozenSet();

    /// <summary>Whether it is known for this processor.</summary>
    internal static bool IsKnown => RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>The call with a number on this machine.</summary>
    internal static SystemCall Of(int number) => Of(number, RuntimeInformation.ProcessArchitecture);

    /// <inheritdoc cref="Of(int)"/>
    /// <param name="number">Its number.</param>
    /// <param name="architecture">On which processor.</param>
    internal static SystemCall Of(int number, Architecture architecture) => architecture switch
    {
        Architecture.X64 => OnX64(number),
        Architecture.Arm64 => OnArm64(number),
        _ => SystemCall.Unknown,
    };

    /// <summary>
    /// Whether a call with this number, of this machine's ABI or of its 32-bit one, may change a file or map it. What only reads, and what
    /// asks nobody for a file's bytes, does not.
    /// </summary>
    internal static bool MayChange(int number) => s_changesOf32Bits.Contains(number) || Of(number) switch
    {
        SystemCall.Unknown => number >= X32,
        SystemCall.read or SystemCall.pread64 or SystemCall.readv or SystemCall.preadv or SystemCall.preadv2 => false,
        _ => true,
    };

    private static SystemCall OnX64(int number) => number switch
    {
        0 => SystemCall.read,
        1 => SystemCall.write,
        2 => SystemCall.open,
        9 => SystemCall.mmap,
        16 => SystemCall.ioctl,
        17 => SystemCall.pread64,
        18 => SystemCall.pwrite64,
        19 => SystemCall.readv,
        20 => SystemCall.writev,
        28 => SystemCall.madvise,
        40 => SystemCall.sendfile,
        59 => SystemCall.execve,
        76 => SystemCall.truncate,
        77 => SystemCall.ftruncate,
        85 => SystemCall.creat,
        209 => SystemCall.io_submit,
        257 => SystemCall.openat,
        275 => SystemCall.splice,
        285 => SystemCall.fallocate,
        295 => SystemCall.preadv,
        296 => SystemCall.pwritev,
        304 => SystemCall.open_by_handle_at,
        322 => SystemCall.execveat,
        326 => SystemCall.copy_file_range,
        327 => SystemCall.preadv2,
        328 => SystemCall.pwritev2,
        425 => SystemCall.io_uring_setup,
        426 => SystemCall.io_uring_enter,
        437 => SystemCall.openat2,
        _ => SystemCall.Unknown,
    };

    private static SystemCall OnArm64(int number) => number switch
    {
        2 => SystemCall.io_submit,
        29 => SystemCall.ioctl,
        45 => SystemCall.truncate,
        46 => SystemCall.ftruncate,
        47 => SystemCall.fallocate,
        56 => SystemCall.openat,
        63 => SystemCall.read,
        64 => SystemCall.write,
        65 => SystemCall.readv,
        66 => SystemCall.writev,
        67 => SystemCall.pread64,
        68 => SystemCall.pwrite64,
        69 => SystemCall.preadv,
        70 => SystemCall.pwritev,
        71 => SystemCall.sendfile,
        76 => SystemCall.splice,
        221 => SystemCall.execve,
        222 => SystemCall.mmap,
        233 => SystemCall.madvise,
        265 => SystemCall.open_by_handle_at,
        281 => SystemCall.execveat,
        285 => SystemCall.copy_file_range,
        286 => SystemCall.preadv2,
        287 => SystemCall.pwritev2,
        425 => SystemCall.io_uring_setup,
        426 => SystemCall.io_uring_enter,
        437 => SystemCall.openat2,
        _ => SystemCall.Unknown,
    };
}
