using System.Globalization;
using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>Memory in a process that locks all that it maps (mlockall with MCL_FUTURE): the kernel populates it at once.</summary>
internal static unsafe class LockedMemory
{
    /// <summary>Has the address of the page in the process.</summary>
    private const string Mark = "DirectMap page that tells whether new memory is locked";

    /// <summary>
    /// A page without access, which is mapped anew at each look. It stays as long as the process: to give it back would cost each
    /// look more. So all copies of the library have the same one: load contexts come and go.
    /// </summary>
    private static nint s_probe;

    /// <summary>
    /// A look costs a seventh of what it costs to map a file and to let go of it. As much as this is populated in some 90 ms, which may
    /// happen once where the answer is old.
    /// </summary>
    private const nuint LookAnewFrom = 256 << 20;

    /// <summary>Milliseconds. In this time mlockall may be called unseen: as it may between any look and what follows from it.</summary>
    private const long LookHolds = 10;

    /// <summary>
    /// The last look: its <see cref="Environment.TickCount64"/>, and in the lowest bit what it saw; 0 before the first. One word, so no
    /// thread sees the time of one look with the answer of another.
    /// </summary>
    private static long s_seen;

    /// <summary>
    /// Whether the kernel would lock and populate so much memory if it were mapped now. For much memory this is looked up; for less than
    /// 256 MiB it may be what was seen up to 10 ms ago.
    /// </summary>
    internal static bool WouldPopulate(nuint length)
    {
        long now = Environment.TickCount64 << 1;
        long seen = Volatile.Read(ref s_seen);
        if (length < LookAnewFrom && seen != 0 && now - seen <= LookHolds << 1)
        {
            return (seen & 1) != 0;
        }

        bool isNewLocked = IsNewLocked;
        Volatile.Write(ref s_seen, now | (isNewLocked ? 1L : 0));
        return isNewLocked;
    }

    /// <summary>Whether the kernel locks what is mapped now; also where it would, and nothing more may be locked.</summary>
    private static bool IsNewLocked
    {
        get
        {
            nint known = Volatile.Read(ref s_probe);
            byte* probe = (byte*)(known != 0 ? known : AddressIn(ProcessMarks.Find(Mark)));
            bool isNew = probe == null;
            int errno = Mmap.TryMapWithoutAccess((nuint)Environment.SystemPageSize, isShared: false, file: null, ref probe);
            if (errno != 0)
            {
                return errno == Errno.EAGAIN;
            }

            bool isLocked = Msync.IsLocked(probe, (nuint)Environment.SystemPageSize);
            if (known == 0)
            {
                Volatile.Write(ref s_probe, isNew ? Share(probe) : (nint)probe);
            }

            return isLocked;
        }
    }

    /// <summary>The first one is everybody's.</summary>
    private static nint Share(byte* probe)
    {
        if (ProcessMarks.TryAdd(Mark, ((nint)probe).ToString(CultureInfo.InvariantCulture)) is not { } other)
        {
            return (nint)probe;
        }

        _ = Mmap.TryUnmap(probe, (nuint)Environment.SystemPageSize);
        return AddressIn(other);
    }

    private static nint AddressIn(string? mark) => mark is null ? 0 : nint.Parse(mark, CultureInfo.InvariantCulture);

    /// <summary>
    /// Shared memory that is not locked takes a range's place. Without access a mapping is not populated; it is unlocked before it gets
    /// any, and moved in one step, so the range is there all the time. Not private memory, which the kernel accounts once more while it is
    /// moved: it may refuse that when the range is already gone (vm.overcommit_memory=2).
    /// </summary>
    /// <param name="start">The range, page-aligned.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="writable">Whether stores may be made.</param>
    /// <param name="file">A sparse file in memory; null for anonymous memory.</param>
    /// <param name="offset">Where in the file, page-aligned.</param>
    /// <returns>0, or the error number: then the range is as it was.</returns>
    internal static int TryMoveUnlocked(byte* start, nuint length, bool writable, SafeFileHandle? file, long offset = 0)
    {
        byte* made = null;
        int errno = Mmap.TryMapWithoutAccess(length, isShared: true, file, ref made, offset);
        if (errno != 0)
        {
            return errno;
        }

        errno = Munlock.Try(made, length);
        errno = errno == 0 ? Mprotect.Try(made, length, writable) : errno;
        errno = errno == 0 ? Mremap.TryMoveOver(made, length, start) : errno;
        if (errno != 0)
        {
            _ = Mmap.TryUnmap(made, length);
        }

        return errno;
    }
}
