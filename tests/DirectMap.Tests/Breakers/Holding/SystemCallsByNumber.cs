using System.Globalization;
using System.Runtime.InteropServices;
using DirectMap.Linux;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>
/// System calls by their numbers, as the kernel's tables have them (arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h,
/// arch/arm/tools/syscall.tbl): what the library's own tables are compared with.
/// </summary>
internal static class SystemCallsByNumber
{
    private static readonly Dictionary<string, int> s_x64 = Parse("""
        read 0, write 1, open 2, mmap 9, ioctl 16, pread64 17, pwrite64 18, readv 19, writev 20, madvise 28, sendfile 40,
        execve 59, truncate 76, ftruncate 77, creat 85, io_submit 209, openat 257, splice 275, fallocate 285, preadv 295,
        pwritev 296, open_by_handle_at 304, execveat 322, copy_file_range 326, preadv2 327, pwritev2 328,
        io_uring_setup 425, io_uring_enter 426, openat2 437
        """);

    private static readonly Dictionary<string, int> s_arm64 = Parse("""
        io_submit 2, ioctl 29, truncate 45, ftruncate 46, fallocate 47, openat 56, read 63, write 64, readv 65, writev 66,
        pread64 67, pwrite64 68, preadv 69, pwritev 70, sendfile 71, splice 76, execve 221, mmap 222, madvise 233,
        open_by_handle_at 265, execveat 281, copy_file_range 285, preadv2 286, pwritev2 287, io_uring_setup 425,
        io_uring_enter 426, openat2 437
        """);

    private static readonly Dictionary<string, int> s_i386 = Parse("""
        write 4, open 5, creat 8, ioctl 54, mmap 90, truncate 92, ftruncate 93, writev 146, pwrite64 181, sendfile 187,
        mmap2 192, truncate64 193, ftruncate64 194, madvise 219, sendfile64 239, io_submit 248, remap_file_pages 257,
        openat 295, splice 313, fallocate 324, pwritev 334, open_by_handle_at 342, copy_file_range 377, pwritev2 379,
        io_uring_setup 425, io_uring_enter 426, openat2 437
        """);

    private static readonly Dictionary<string, int> s_arm32 = Parse("""
        write 4, open 5, creat 8, ioctl 54, truncate 92, ftruncate 93, writev 146, pwrite64 181, sendfile 187, mmap2 192,
        truncate64 193, ftruncate64 194, madvise 220, sendfile64 239, io_submit 246, remap_file_pages 253, openat 322,
        splice 340, fallocate 352, pwritev 362, open_by_handle_at 371, copy_file_range 391, pwritev2 393,
        io_uring_setup 425, io_uring_enter 426, openat2 437
        """);

    private static readonly string[] s_opens = ["open", "creat", "openat", "open_by_handle_at", "openat2"];

    /// <summary>The numbers on this machine.</summary>
    internal static int[] Here { get; } = [.. Own.Values];

    /// <summary>What writes, opens or maps a file, by the numbers of this machine's 32-bit ABI.</summary>
    internal static IReadOnlyDictionary<string, int> ChangesOf32Bits => IsArm ? s_arm32 : s_i386;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64;

    private static Dictionary<string, int> Own => IsArm ? s_arm64 : s_x64;

    internal static IReadOnlyDictionary<string, int> Of(System.Runtime.InteropServices.Architecture architecture) =>
        architecture == System.Runtime.InteropServices.Architecture.Arm64 ? s_arm64 : s_x64;

    internal static IReadOnlyDictionary<string, int> ChangesOf32BitsOf(System.Runtime.InteropServices.Architecture architecture) =>
        architecture == System.Runtime.InteropServices.Architecture.Arm64 ? s_arm32 : s_i386;

    internal static bool AreHere(SystemCall call) => Own.ContainsKey(call.ToString());

    internal static bool Opens(string name) => s_opens.Contains(name);

    internal static bool TryGetNumber(string name, out int number) => Own.TryGetValue(name, out number);

    internal static bool TryGetName(int number, out string name)
    {
        name = Own.FirstOrDefault(pair => pair.Value == number).Key;
        return name is not null;
    }

    /// <summary>"name number, name number".</summary>
    private static Dictionary<string, int> Parse(string table) => table.Split(',')
        .Select(pair => pair.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .ToDictionary(pair => pair[0], pair => int.Parse(pair[1], CultureInfo.InvariantCulture));
}
