using System.IO.MemoryMappedFiles;

namespace DirectMap.Tests.Docs.Examples;

/// <summary>Pages that go: truncations and full disks, before and after.</summary>
internal static partial class MigratingExamples
{
    [Example(EndsTheProcess = true)]
    internal static void TruncatedBefore()
    {
        // begin TruncatedBefore
        File.WriteAllBytes("data.bin", new byte[1 << 20]);
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile("data.bin", FileMode.Open);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        using (FileStream other = new("data.bin", FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            other.SetLength(0);                       // nobody minds
        }

        Console.WriteLine(view.Capacity);             // as before
        view.Flush();                                 // succeeds
        try
        {
            view.ReadByte(8192);
        }
        catch (Exception)
        {
            Console.WriteLine("never comes here");
        }
        // end
    }

    [Example]
    internal static void TruncatedAfter()
    {
        // begin TruncatedAfter
        File.Delete("data.bin");
        using DirectFile file = DirectFile.Create("data.bin", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (self, why) => self.Dispose() });
        using DirectFile other = DirectFile.Open("data.bin");
        other.SetLength(4096);                        // asks the holder first; goes on when it has let go
        try
        {
            region.Read<byte>(8192);
        }
        catch (ObjectDisposedException)
        {
            Console.WriteLine("let go: map again");   // MappingFaultException, if it had not let go in time
        }
        // end
    }

    [Example(NeedsNative = true)]
    internal static void TruncatedOutside()
    {
        // begin TruncatedOutside
        File.Delete("data.bin");
        using DirectFile file = DirectFile.Create("data.bin", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (FileStream other = new("data.bin", FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            other.SetLength(0);                       // nobody minds
        }

        try
        {
            region.Read<byte>(8192);
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine(fault.Cause);
        }
        // end
    }

    [Example(EndsTheProcess = true, TmpfsKibibytes = 1024)]
    internal static void FullDiskBefore()
    {
        // begin FullDiskBefore
        File.Delete("big.bin");
        // the disk has 1 MiB
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile("big.bin", FileMode.CreateNew, mapName: null, capacity: 64 << 20);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        for (long position = 0; position < view.Capacity; position += 4096)
        {
            view.Write(position, 1L);
        }
        // end
    }

    [Example(TmpfsKibibytes = 1024)]
    internal static void FullDiskAfter()
    {
        // begin FullDiskAfter
        try
        {
            DirectFile.Create("big.bin", length: 64 << 20);
        }
        catch (IOException full)
        {
            Console.WriteLine(full.HResult);          // ENOSPC; no file is left behind
        }
        // end

        Assert.False(File.Exists("big.bin"));
    }
}
