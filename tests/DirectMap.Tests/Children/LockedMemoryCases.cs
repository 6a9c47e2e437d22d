using System.Diagnostics;
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

    private static Action<MappedRegion> HowTo(string how) =>
        how == "Dispose" ? region => region.Dispose() : region => region.Core.Mapping.Invalidate(RegionWord.Revoked);

    private static DirectFile OpenSparse(string path, long length)
    {
        using (FileStream sparse = File.Create(path))
        {
            sparse.SetLength(length);
        }

        return DirectFile.Open(path, new DirectFileOptions { FaultPolicy = FaultPolicies.Permissive });
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
