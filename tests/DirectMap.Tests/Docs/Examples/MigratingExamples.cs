using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace DirectMap.Tests.Docs.Examples;

internal static partial class MigratingExamples
{
    [Example]
    internal static void Before()
    {
        // begin Before
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile("data.bin", FileMode.OpenOrCreate, mapName: null, capacity: 1 << 20);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        view.Write(0, 42L);
        view.WriteArray(4096, new byte[4096], 0, 4096);
        view.Flush();
        Console.WriteLine(view.ReadInt64(0));
        // end
    }

    [Example]
    internal static void After()
    {
        // begin After
        using DirectFile file = DirectFile.OpenOrCreate("data.bin", length: 1 << 20); // one that exists keeps its own length
        file.Prepare(); // a file that MemoryMappedFile has made is sparse; does nothing where there is nothing to do
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 42L);
        using (RegionScope scope = region.OpenScope(offset: 4096, length: 4096))
        {
            scope.Span.Clear();
            scope.Complete();
        }

        region.Persist();
        Console.WriteLine(region.Read<long>(0));
        // end
    }

    [Example]
    internal static void Pointer()
    {
        // begin Pointer
        File.Delete("data.bin");
        using DirectFile file = DirectFile.Create("data.bin", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (RegionScope scope = region.OpenScope(offset: 4096, length: 4096))
        {
            unsafe
            {
                fixed (byte* p = scope.Span)          // good until the scope is disposed: do not keep it
                {
                    *(long*)p = 42;
                }
            }

            scope.Complete();
        }

        Console.WriteLine(region.Read<long>(4096));
        // end
    }

    [Example]
    internal static void Grow()
    {
        // begin Grow
        File.Delete("data.bin");
        using DirectFile file = DirectFile.Create("data.bin", length: 1 << 20);
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 42L);

        file.SetLength(2 << 20);                      // the owner's own region stays; other owners' are broken
        file.Prepare();                               // the new part is a hole: give it written blocks
        using MappedRegion larger = file.Map(MapOptions.DirectOrEmulated);
        region.Dispose();                             // or keep both: they show the same bytes
        larger.Write((2 << 20) - sizeof(long), 43L);
        larger.Persist((2 << 20) - sizeof(long), sizeof(long));
        Console.WriteLine($"{larger.Length}, {larger.Read<long>(0)}");
        // end
    }

    [Example]
    internal static void Smallest()
    {
        // begin Smallest
        using DirectFile file = DirectFile.OpenOrCreate("data.bin", length: 1 << 20); // one that exists keeps its own length
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        region.Write(0, 42L);
        region.Persist(0, sizeof(long));
        // end
    }

    [Example]
    internal static void CapacityBefore()
    {
        // begin CapacityBefore
        File.Delete("big.bin");
        using (MemoryMappedFile map = MemoryMappedFile.CreateFromFile("big.bin", FileMode.CreateNew, mapName: null, capacity: 64 << 20))
        {
            Console.WriteLine(new FileInfo("big.bin").Length);
        }

        using DirectFile file = DirectFile.Open("big.bin");
        Console.WriteLine(file.GetExtents().Single().Flags); // no block at all
        // end
    }

    [Example]
    internal static void CapacityAfter()
    {
        // begin CapacityAfter
        File.Delete("big.bin");
        using DirectFile file = DirectFile.Create("big.bin", length: 64 << 20);
        Console.WriteLine(file.GetExtents().Any(extent => extent.Flags.HasFlag(ExtentFlags.Hole)));
        // end
    }

    [Example]
    internal static void FlushBefore()
    {
        // begin FlushBefore
        File.WriteAllBytes("data.bin", new byte[1 << 20]);
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile("data.bin", FileMode.Open);
        // bytes 5000 to 13000, in three pages from byte 4096 on
        using MemoryMappedViewAccessor view = map.CreateViewAccessor(offset: 5000, size: 8000);
        view.Write(7992, 42L);                        // bytes 12992 to 13000, in the last of them
        view.Flush();                                 // syncs 8000 bytes from byte 4096 on: up to byte 12096
        Console.WriteLine(4096 + view.Capacity);
        // end

        Assert.Equal(904, view.PointerOffset);
    }

    [Example]
    internal static void FlushAfter()
    {
        // begin FlushAfter
        File.Delete("data.bin");
        using DirectFile file = DirectFile.Create("data.bin", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(12992, 42L);
        region.Persist(12992, sizeof(long));          // the page that holds them, and no other
        // end
    }

    [Example]
    internal static void PointerBefore()
    {
        // begin PointerBefore
        byte[] content = new byte[8192];
        content[5000] = 42;
        File.WriteAllBytes("data.bin", content);
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile("data.bin", FileMode.Open);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor(offset: 5000, size: 100);
        Console.WriteLine(view.SafeMemoryMappedViewHandle.Read<byte>(0)); // byte 4096 of the file; AcquirePointer points there, too
        Console.WriteLine(view.SafeMemoryMappedViewHandle.Read<byte>((ulong)view.PointerOffset));
        // end
    }

    [Example]
    internal static void PointerAfter()
    {
        // begin PointerAfter
        File.Delete("data.bin");
        using DirectFile file = DirectFile.Create("data.bin", length: 8192);
        file.Write([42], fileOffset: 5000);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = FileRange.From(4096) });
        Console.WriteLine(region.Read<byte>(5000 - region.FileOffset));
        try
        {
            file.Map(MapOptions.DirectOrEmulated with { Range = FileRange.From(5000) });
        }
        catch (ArgumentException)
        {
            Console.WriteLine("an offset is a multiple of the page size");
        }
        // end
    }

    [Example]
    internal static void BeyondBefore()
    {
        // begin BeyondBefore
        File.WriteAllBytes("data.bin", new byte[4096]);
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile("data.bin", FileMode.Open);
        try
        {
            map.CreateViewAccessor(offset: 0, size: 8192);
        }
        catch (UnauthorizedAccessException)           // it is not about rights
        {
            Console.WriteLine("unauthorized");
        }
        // end
    }

    [Example]
    internal static void BeyondAfter()
    {
        // begin BeyondAfter
        File.Delete("data.bin");
        using DirectFile file = DirectFile.Create("data.bin", length: 4096);
        try
        {
            file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 8192) });
        }
        catch (MapRefusedException refused)
        {
            Console.WriteLine(refused.Reason);
        }
        // end
    }

    [Example(EndsTheProcess = true)]
    internal static void PointerKeptBefore()
    {
        // begin PointerKeptBefore
        File.WriteAllBytes("data.bin", new byte[1 << 20]);
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile("data.bin", FileMode.Open);
        MemoryMappedViewAccessor view = map.CreateViewAccessor();
        nint address = view.SafeMemoryMappedViewHandle.DangerousGetHandle();
        view.Dispose();
        Marshal.ReadByte(address, 4096);
        // end
    }

    [Example]
    internal static void PointerKeptAfter()
    {
        // begin PointerKeptAfter
        File.Delete("data.bin");
        using DirectFile file = DirectFile.Create("data.bin", length: 1 << 20);
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (RegionScope scope = region.OpenScope(offset: 0, length: 8192))
        {
            region.Dispose();                         // as another thread would, meanwhile
            scope.Span[4096] = 1;                     // harms nobody: the address stays until nobody refers to the region
        }

        try
        {
            region.Read<byte>(4096);
        }
        catch (ObjectDisposedException)
        {
            Console.WriteLine("disposed");
        }
        // end
    }

    [Example]
    internal static void NamedBefore()
    {
        // begin NamedBefore
        try
        {
            MemoryMappedFile.CreateNew("orders", capacity: 4096);
        }
        catch (PlatformNotSupportedException)
        {
            Console.WriteLine("not on Linux");
        }
        // end
    }

    [Example]
    internal static void NamedAfter()
    {
        // begin NamedAfter
        string path = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : ".", $"orders-{Environment.ProcessId}");
        using DirectFile file = DirectFile.Create(path, length: 4096);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated); // other processes map the same path
        region.Write(0, 42L);
        File.Delete(path);                            // the mapping lives on
        Console.WriteLine(region.Read<long>(0));
        // end
    }

    [Example]
    internal static void ShareBefore()
    {
        // begin ShareBefore
        File.WriteAllBytes("data.bin", new byte[4096]);
        using FileStream reader = new("data.bin", FileMode.Open, FileAccess.Read, FileShare.Read); // nobody shall write
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(
            reader, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        using FileStream writer = new("data.bin", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        writer.SetLength(100);
        Console.WriteLine(reader.Length);
        // end
    }

    [Example]
    internal static void ShareAfter()
    {
        // begin ShareAfter
        File.Delete("data.bin");
        using DirectFile file = DirectFile.Create("data.bin", length: 4096);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { LeaseMode = LeaseMode.Exclusive });
        using DirectFile writer = DirectFile.Open("data.bin");
        try
        {
            writer.SetLength(100);
        }
        catch (LeaseConflictException conflict)
        {
            Console.WriteLine(conflict.Conflict);     // who uses this library in this process
        }
        // end
    }
}
