using System.Globalization;
using System.IO.MemoryMappedFiles;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Children;

/// <summary>
/// How much of a file is dirtied, and so written, by stores to single bytes. The kernel counts it for the whole process, so each case is
/// a process of its own. What is printed is the largest count, in bytes.
/// </summary>
internal static class FolioCases
{
    private static int Page => Environment.SystemPageSize;

    /// <summary>
    /// Arguments: path, "created", "opened", "prepared", "ordinary", or "read": evicted, mapped, and read from end to end.
    /// </summary>
    internal static int OfLibrary(string[] arguments)
    {
        (string path, string how) = (arguments[0], arguments[1]);
        if (how == "read")
        {
            Evict(path);
        }

        using DirectFile file = how == "created" ? DirectFile.Create(path, 32 << 20) : DirectFile.Open(path);
        if (how == "prepared")
        {
            file.Prepare();
        }

        using MappedRegion region = file.Map(how == "ordinary" ? MapOptions.Ordinary : MapOptions.DirectOrEmulated);
        if (how == "read")
        {
            Scan(region);
        }

        Console.WriteLine(Places(region.Length).Max(place => Written(() =>
        {
            region.Write(place, (byte)1);
            region.Persist(place, 1);
        })));
        return 0;
    }

    /// <summary>The same without the library, so that what it finds can be found. Arguments: path, "opened" or "read".</summary>
    internal static int OfBareMapping(string[] arguments)
    {
        (string path, string how) = (arguments[0], arguments[1]);
        if (how == "read")
        {
            Evict(path);
        }

        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        for (long at = 0; how == "read" && at < view.Capacity; at += Page)
        {
            view.ReadByte(at);
        }

        Console.WriteLine(Places(view.Capacity).Max(place => Written(() =>
        {
            view.Write(place, (byte)1);
            view.Flush();
        })));
        return 0;
    }

    /// <summary>Each way to store, to a file of its own. Arguments: folder; its files are named like the ways.</summary>
    internal static int EachWay(string[] arguments)
    {
        foreach ((string name, Action<MappedRegion, long> store) in Ways)
        {
            using DirectFile file = DirectFile.Open(Path.Combine(arguments[0], name));
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            long written = Written(() =>
            {
                store(region, (1 << 20) + 8);
                region.Persist((1 << 20) + 8, 1);
            });
            Console.WriteLine($"{name} {written}");
        }

        return 0;
    }

    internal static readonly (string Name, Action<MappedRegion, long> Store)[] Ways =
    [
        ("Write", (region, at) => region.Write(at, 1L)),
        ("Write of more", (region, at) => region.Write(at, (1L, 2L))),
        ("CompareExchange", (region, at) => region.Atomics.CompareExchange(at, 1L, region.Read<long>(at))),
        ("CopyFrom", (region, at) => region.CopyFrom(at, [1])),
        ("Fill", (region, at) => region.Fill(at, 1, 1)),
        ("PersistCopy", (region, at) => region.PersistCopy(at, [1])),
        ("PersistFill", (region, at) => region.PersistFill(at, 1, 1)),
        ("PersistMove", (region, at) => region.PersistMove(at, at + 8, 1)),
        ("scope", (region, at) =>
        {
            using RegionScope scope = region.OpenScope(at, 1);
            scope.Span[0] = 1;
        }),
        ("memory", (region, at) =>
        {
            using IDisposable owner = region.GetMemory(at, 1);
            ((RegionMemory)owner).Memory.Span[0] = 1;
        }),
        ("writer", (region, at) =>
        {
            RegionWriter writer = region.CreateWriter(at);
            writer.GetSpan(1)[0] = 1;
            writer.Advance(1);
            writer.FlushAsync().AsTask().GetAwaiter().GetResult();
            writer.Complete();
        }),
    ];

    /// <summary>
    /// After the first store to the file, a folio of it becomes large; there is a store to it, and another. Arguments: path.
    /// </summary>
    internal static int LargeAgain(string[] arguments)
    {
        const long At = 16 << 20;
        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 1L);
        region.Persist(0, 8);
        MakeLarge(arguments[0], At);
        foreach (long place in (long[])[At + (5 * Page), At + (5 * Page), At + (9 * Page), At, At + (255 * Page)])
        {
            Console.WriteLine(Written(() =>
            {
                region.Write(place, (byte)1);
                region.Persist(place, 1);
            }));
        }

        return 0;
    }

    /// <summary>Stores to one window, and then to one 64 MiB further on. Arguments: path.</summary>
    internal static int NextWindow(string[] arguments)
    {
        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.PersistCopy(0, [1]);
        Console.WriteLine(Written(() => region.PersistCopy((64 << 20) + (3 * Page), [1])));
        return 0;
    }

    /// <summary>Maps the file for writing, and only reads. Arguments: path.</summary>
    internal static int ReadOnly(string[] arguments)
    {
        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Scan(region);
        using RegionSequence sequence = region.GetSequence(0, region.Length);
        using RegionScope scope = region.OpenScope(0, Page);
        using IDisposable memory = region.GetMemory(0, Page);
        return (byte)(scope.ReadOnlySpan[0] - sequence.Sequence.FirstSpan[0] + ((RegionMemory)memory).ReadOnlyMemory.Span[0]
            - region.Read<byte>(0));
    }

    /// <summary>Stores once; then says how many pages of the file are in the page cache. Arguments: path.</summary>
    internal static unsafe int InCacheAfterAStore(string[] arguments)
    {
        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(region.Length / 2, 1L);
        region.Persist(region.Length / 2, 8);
        byte[] resident = new byte[region.Length / Page];
        bool isAll = SpinWait.SpinUntil(
            () => Mincore.Try(region.Core.Mapping.Start, resident) == 0 && resident.All(page => (page & 1) != 0),
            Soon.Patience); // What is put back is read from the device.
        Console.WriteLine(isAll ? "all" : $"{resident.Count(page => (page & 1) != 0)} of {resident.Length}");
        return 0;
    }

    /// <summary>
    /// Stores once to a file that is mapped, not in the page cache, and somebody else's by now. Says how many of its pages are in the page
    /// cache then; nothing where the kernel tells the truth. To be run by root without CAP_FOWNER and CAP_DAC_OVERRIDE. Arguments: path.
    /// </summary>
    internal static unsafe int StoreToAnothers(string[] arguments)
    {
        using SafeFileHandle handle = File.OpenHandle(arguments[0], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        File.SetUnixFileMode(handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (System.Diagnostics.Process chown = System.Diagnostics.Process.Start("chown", ["1", arguments[0]]))
        {
            chown.WaitForExit();
        }

        Assert.Equal(0, Fadvise.TryDrop(handle, new FileRange(0, region.Length)));
        byte[] resident = new byte[region.Length / Page];
        Assert.Equal(0, Mincore.Try(region.Core.Mapping.Start, resident));
        region.Write(region.Length / 2, 1L);
        if (resident.All(page => (page & 1) != 0)
            && Cachestat.TryCountCached(handle, new FileRange(0, region.Length), out long cached) == 0)
        {
            Console.WriteLine(cached);
        }

        return 0;
    }

    /// <summary>All over the file, and one page after the other.</summary>
    private static IEnumerable<long> Places(long length)
    {
        for (long i = 0; i < 24; i++)
        {
            yield return (length / 24 * i) + (i * 37 % 64 * Page);
        }

        for (long i = 0; i < 24; i++)
        {
            yield return (length / 3) + (i * Page) + i;
        }
    }

    private static void Scan(MappedRegion region)
    {
        byte[] buffer = new byte[64 << 10];
        for (long at = 0; at < region.Length; at += buffer.Length)
        {
            region.CopyTo(at, buffer);
        }
    }

    private static long Written(Action store)
    {
        long before = WrittenSoFar();
        store();
        return WrittenSoFar() - before;
    }

    private static long WrittenSoFar()
    {
        const string Name = "write_bytes: ";
        string line = File.ReadLines("/proc/self/io").First(line => line.StartsWith(Name, StringComparison.Ordinal));
        return long.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
    }

    private static void Evict(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        Assert.Equal(0, Fadvise.TryDrop(file, new FileRange(0, RandomAccess.GetLength(file))));
    }

    /// <summary>As somebody does who writes a MiB at once where nothing of it is in the cache.</summary>
    private static void MakeLarge(string path, long at)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Assert.Equal(0, Fadvise.TryDrop(file, new FileRange(at, 1 << 20)));
        RandomAccess.Write(file, new byte[1 << 20], at);
        RandomAccess.FlushToDisk(file);
    }
}
