using System.Diagnostics;
using DirectMap.Backings;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Children;

/// <summary>Regions that go in a process that locks its memory (mlockall).</summary>
internal static unsafe class LockedMemoryCases
{
    private const long Large = 1L << 30;
    private const long Populated = 256L << 20;
    private const int Locked = 1 << 20;
    private const int Slack = 16 << 10; // KiB: what the runtime maps meanwhile
    private const int Pages = 64;
    private const int Rounds = 300;

    private static int Page => Environment.SystemPageSize;

    /// <summary>All new memory is locked when a large region goes. Arguments: path, "Dispose" or "Revoke".</summary>
    internal static int TakeAwayWhileNewMemoryIsLocked(string[] arguments)
    {
        using DirectFile file = OpenSparse(arguments[0], Large);
        Action<MappedRegion> takeAway = HowTo(arguments[1]);
        TimeSpan unlocked = Enumerable.Range(0, 5).Min(_ => TimeOf(file, takeAway));
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(0, PlainCalls.LockMemory(PlainCalls.LockFuture).Errno);
        long before = ProcSelf.Kibibytes("VmLck");

        long began = Stopwatch.GetTimestamp();
        takeAway(region);
        TimeSpan locked = Stopwatch.GetElapsedTime(began);

        long after = ProcSelf.Kibibytes("VmLck");
        Assert.Equal(0, PlainCalls.UnlockMemory().Errno);
        Console.WriteLine($"{unlocked.TotalMicroseconds:f0} us, locked {locked.TotalMicroseconds:f0} us; {before} KiB, then {after} KiB");
        Assert.InRange(after, 0, before + Slack);
        Assert.InRange(locked / (unlocked + TimeSpan.FromMilliseconds(1)), 0, 50);
        Assert.Equal(0, ProcSelf.MappingsOf(arguments[0]));
        Assert.NotNull(Record.Exception(() => region.Read<long>(0)));
        Assert.Equal(0, *region.AddressOf(Large / 2)); // Mapped until it is finalized.
        *region.AddressOf(Large / 2) = 1;
        GC.KeepAlive(region);
        return 0;
    }

    /// <summary>
    /// All new memory is locked since a moment ago when a region goes that is not large: what was seen before holds no longer. Argument:
    /// path.
    /// </summary>
    internal static int TakeAwayALittleSoonAfterNewMemoryIsLocked(string[] arguments)
    {
        const long Little = 64L << 20;
        using DirectFile file = OpenSparse(arguments[0], Little);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        _ = TimeOf(file, other => other.Dispose()); // which sees that it is not locked
        Assert.Equal(0, PlainCalls.LockMemory(PlainCalls.LockFuture).Errno);
        long locked = Environment.TickCount64;
        Assert.True(SpinWait.SpinUntil(() => Environment.TickCount64 > locked + 20, TimeSpan.FromSeconds(30)));
        long before = ProcSelf.Kibibytes("VmLck");

        region.Dispose();

        Assert.InRange(ProcSelf.Kibibytes("VmLck"), 0, before + Slack);
        Assert.Equal(0, ProcSelf.MappingsOf(arguments[0]));
        GC.KeepAlive(region);
        return 0;
    }

    /// <summary>All memory is locked, so the file's is, too, when a region goes. Arguments: path, "Dispose" or "Revoke".</summary>
    internal static int TakeAwayWhatIsLocked(string[] arguments)
    {
        using DirectFile file = OpenSparse(arguments[0], Populated);
        Action<MappedRegion> takeAway = HowTo(arguments[1]);
        _ = TimeOf(file, takeAway);
        Assert.Equal(0, PlainCalls.LockMemory(PlainCalls.LockCurrent | PlainCalls.LockFuture).Errno);
        TimeSpan bare = TimeOfBare(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        long before = ProcSelf.Kibibytes("VmLck");

        long began = Stopwatch.GetTimestamp();
        takeAway(region);
        TimeSpan taken = Stopwatch.GetElapsedTime(began);

        long after = ProcSelf.Kibibytes("VmLck");
        Console.WriteLine($"munmap {bare.TotalMicroseconds:f0} us, region {taken.TotalMicroseconds:f0} us; {before} KiB, then {after} KiB");
        Assert.InRange(after, 0, before - (Populated >> 10) + Slack);
        Assert.InRange(taken / (bare + TimeSpan.FromMilliseconds(10)), 0, 3);
        GC.KeepAlive(region);
        return 0;
    }

    /// <summary>
    /// Threads load from a region that goes, again and again: each sees a byte of the file or a zero, and no signal. Argument: path.
    /// </summary>
    internal static int LoadWhileItIsTakenAway(string[] arguments)
    {
        byte[] content = new byte[Pages * Page];
        Array.Fill(content, (byte)7);
        File.WriteAllBytes(arguments[0], content);
        using DirectFile file = DirectFile.Open(arguments[0]);
        Assert.Equal(0, PlainCalls.LockMemory(PlainCalls.LockFuture).Errno);
        nint current = 0;
        long zeros = 0, bytes = 0, others = 0;
        bool end = false;
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(Load))];
        List<MappedRegion> kept = []; // so that their addresses stay
        Array.ForEach(readers, reader => reader.Start());
        for (int round = 0; round < Rounds; round++)
        {
            MappedRegion region = file.Map(MapOptions.Ordinary with { FaultContainment = FaultContainment.Off });
            kept.Add(region);
            long seen = Volatile.Read(ref bytes);
            Volatile.Write(ref current, (nint)region.AddressOf(0));
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref bytes) != seen, TimeSpan.FromSeconds(30)));
            region.Dispose();
            seen = Volatile.Read(ref zeros);
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref zeros) != seen, TimeSpan.FromSeconds(30)));
        }

        Volatile.Write(ref end, true);
        Array.ForEach(readers, reader => reader.Join());
        Console.WriteLine($"{bytes} loads of the file, {zeros} of zeros, {others} of something else");
        Assert.Equal(0, others);
        GC.KeepAlive(kept);
        return 0;

        void Load()
        {
            for (int page = 0; !Volatile.Read(ref end); page = (page + 1) % Pages)
            {
                byte* start = (byte*)Volatile.Read(ref current);
                if (start != null)
                {
                    // Mapped: the region is kept, also when it was disposed.
                    byte value = Volatile.Read(ref start[page * Page]);
                    Interlocked.Increment(ref value == 7 ? ref bytes : ref value == 0 ? ref zeros : ref others);
                }
            }
        }
    }

    /// <summary>A page of a large region is lost while all new memory is locked. Argument: path.</summary>
    internal static int LoseAPageWhileNewMemoryIsLocked(string[] arguments)
    {
        const long Sparse = 64L << 30; // What is remembered of its pages would take 64 MiB.
        using DirectFile file = OpenSparse(arguments[0], Sparse);
        using MappedRegion region = file.Map(MapOptions.Ordinary with { FaultReach = FaultReach.Page });
        Assert.Equal(0, PlainCalls.LockMemory(PlainCalls.LockFuture).Errno);
        LossTest.SetLengthOutside(arguments[0], Page);
        long locked = ProcSelf.Kibibytes("VmLck");
        long taken = ProcSelf.Kibibytes("RssAnon");

        Assert.Throws<MappingFaultException>(() => region.Read<long>(Sparse / 2));

        Assert.InRange(ProcSelf.Kibibytes("VmLck"), 0, locked + Slack);
        Assert.InRange(ProcSelf.Kibibytes("RssAnon"), 0, taken + Slack);
        Assert.Equal([new FileRange(Sparse / 2, Page)], region.GetLostRanges());
        return 0;
    }

    /// <summary>
    /// A region goes that is larger than what the process may lock, and all new memory is locked. Arguments: path, "Dispose", "Revoke", or
    /// "Break", which needs a thread.
    /// </summary>
    internal static int TakeAwayMoreThanMayBeLocked(string[] arguments)
    {
        using DirectFile file = OpenSparse(arguments[0], Populated);
        using DirectFile other = OpenSparse(arguments[0], Populated);
        ((LeaseCoordinator)DirectFileFactory.Default.Coordinator).Services.LeaseBreakTime = TimeSpan.FromMilliseconds(100);
        Action<MappedRegion> takeAway = arguments[1] == "Break" ? _ => other.BreakLayout(FileRange.Whole).Dispose() : HowTo(arguments[1]);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        BecomeNobodyAndLockAll(8 << 20);

        takeAway(region);

        Assert.Equal(0, ProcSelf.MappingsOf(arguments[0]));
        Assert.InRange(ProcSelf.MappingsOf("directmap-sink"), 1, 2); // the pieces are one mapping
        Assert.InRange(ProcSelf.Kibibytes("VmLck"), 0, Slack);
        for (long at = 0; at < Populated; at += 1 << 20)
        {
            Assert.Equal(0, *region.AddressOf(at));
            *region.AddressOf(at) = 1;
        }

        GC.KeepAlive(region);
        return 0;
    }

    /// <summary>
    /// A region goes that is locked where nothing more may be: what takes its place may be about as much as itself. Arguments: path,
    /// "Dispose" or "Revoke".
    /// </summary>
    internal static int TakeAwayWhereNoMoreMayBeLocked(string[] arguments)
    {
        using DirectFile file = OpenSparse(arguments[0], Locked);
        Action<MappedRegion> takeAway = HowTo(arguments[1]);
        BecomeNobodyAndLockAll(ulong.MaxValue);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        CompileWhatReplacesPages(file, takeAway);
        LimitToWhatIsLocked(-Locked / 4);

        takeAway(region);

        Assert.Equal(0, PlainCalls.LimitLockedMemory(ulong.MaxValue).Errno);
        Assert.Equal(0, ProcSelf.MappingsOf(arguments[0]));
        return 0;
    }

    /// <summary>
    /// A page of a region is lost where there is no memory to remember which one, so all of them are. Arguments: path; "locked": the region
    /// is locked, and nothing more may be; "unlocked": it is large and not locked, and little may be.
    /// </summary>
    internal static int LoseAPageWhereNoMoreMayBeLocked(string[] arguments)
    {
        bool isLocked = arguments[1] == "locked";
        long length = isLocked ? Locked : Populated;
        MapOptions options = MapOptions.Ordinary with { FaultReach = FaultReach.Page };
        using DirectFile file = OpenSparse(arguments[0], length);
        using FileStream outside = new(arguments[0], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        using MappedRegion? unlocked = isLocked ? null : file.Map(options);
        BecomeNobodyAndLockAll(ulong.MaxValue);
        using MappedRegion region = unlocked ?? file.Map(options);
        using MappedRegion warm = file.Map(options with { Range = new FileRange(0, Pages * Page) });
        outside.SetLength(Page);
        Assert.Throws<MappingFaultException>(() => warm.Read<byte>(Page));
        byte* lost = region.AddressOf(5 * Page);
        LimitToWhatIsLocked(isLocked ? -Locked / 4 : 16 * Page);

        byte read = Volatile.Read(ref *lost);
        Volatile.Write(ref *(lost + 1), 7);

        Assert.Equal(0, PlainCalls.LimitLockedMemory(ulong.MaxValue).Errno);
        Assert.Equal(0, read);
        Assert.Equal([new FileRange(0, length)], region.GetLostRanges());
        return 0;
    }

    /// <summary>Each way to replace pages is gone once before there is no memory to compile it.</summary>
    private static void CompileWhatReplacesPages(DirectFile file, Action<MappedRegion> takeAway)
    {
        _ = TimeOf(file, takeAway);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        byte* start = region.Core.Mapping.Start;
        Assert.Equal(0, PageSink.TryReplaceByMemoryFile(start, Locked, writable: true));
        Assert.Equal(0, PageSink.TryReplaceInPieces(start, Locked, writable: true));
        Assert.Equal(0, Mmap.TryReplaceByAnonymous(start, Locked, writable: true, isShared: true));
    }

    /// <summary>Who has no capability has limits. What is mapped from now on is locked.</summary>
    private static void BecomeNobodyAndLockAll(ulong mostLocked)
    {
        Assert.Equal(0, PlainCalls.LimitLockedMemory(mostLocked).Errno);
        Assert.True(PermissionCases.TryBecome(PermissionCases.Nobody));
        Assert.Equal(0, PlainCalls.LockMemory(PlainCalls.LockFuture).Errno);
    }

    /// <summary>Until the limit is lifted nothing may ask for memory.</summary>
    private static void LimitToWhatIsLocked(long more)
    {
        Assert.Equal(0, PlainCalls.LimitLockedMemory(ulong.MaxValue).Errno); // which compiles it
        long locked = ProcSelf.Kibibytes("VmLck") << 10;
        _ = PlainCalls.LimitLockedMemory((ulong)(locked + more));
    }

    private static Action<MappedRegion> HowTo(string how) =>
        how == "Dispose" ? region => region.Dispose() : region => region.Core.Mapping.Invalidate(MappingLife.Revoked);

    private static DirectFile OpenSparse(string path, long length)
    {
        using (FileStream sparse = File.Create(path))
        {
            sparse.SetLength(length);
        }

        return DirectFile.Open(path, new DirectFileOptions
        {
            FaultPolicy = FaultPolicies.Permissive,
            LeasesWithoutOwnership = true,
            Guard = GuardOptions.None, // Its thread would compile code where there is no memory for that.
        });
    }

    private static TimeSpan TimeOf(DirectFile file, Action<MappedRegion> takeAway)
    {
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        long began = Stopwatch.GetTimestamp();
        takeAway(region);
        return Stopwatch.GetElapsedTime(began);
    }

    /// <summary>How long the kernel takes to unmap the same, which it has populated.</summary>
    private static TimeSpan TimeOfBare(string path)
    {
        using SafeFileHandle handle = PlainCalls.Open(path, PlainCalls.O_RDWR);
        Assert.Equal(0, Mmap.TryMapFile(null, (nuint)Populated, writable: true, isSync: false, handle, 0, out MappedPages pages));
        long began = Stopwatch.GetTimestamp();
        pages.Dispose();
        return Stopwatch.GetElapsedTime(began);
    }
}
