namespace DirectMap.Tests.Docs.Examples;

/// <summary>Disks that are full.</summary>
internal static partial class FaultsExamples
{
    [Example(TmpfsKibibytes = 1024)]
    internal static void NoSpaceForAFile()
    {
        // begin NoSpaceForAFile
        try
        {
            DirectFile.Create("big.pmem", length: 64 << 20);
        }
        catch (IOException full)
        {
            Console.WriteLine($"{full.HResult}, {File.Exists("big.pmem")}"); // ENOSPC is 28; nothing is left behind
        }
        // end
    }

    [Example(TmpfsKibibytes = 1024, NeedsNative = true)]
    internal static void FullDiskAndRoom()
    {
        // begin FullDiskAndRoom
        File.Delete("big.dat");
        File.WriteAllBytes("old.log", new byte[512 << 10]);
        using (FileStream sparse = File.Create("big.dat"))
        {
            sparse.SetLength(1 << 20);                // more than the disk has left
        }

        using DirectFile file = DirectFile.Open("big.dat");
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        long offset = 0;
        try
        {
            for (; offset < region.Length; offset += 4096)
            {
                region.Write(offset, 1L);
            }
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause}, {fault.Lost!.Value.Offset == offset}"); // what was stored before is the file's
        }

        File.Delete("old.log");                       // there is room again
        region.RestoreLostPages();
        region.Write(offset, 1L);
        region.Persist(0, offset + sizeof(long));
        Console.WriteLine(region.State);
        // end
    }

    [Example(TmpfsKibibytes = 1024)]
    internal static void FullDiskJudged()
    {
        // begin FullDiskJudged
        using (FileStream sparse = File.Create("big.dat"))
        {
            sparse.SetLength(64 << 20);               // more than the disk has
        }

        using DirectFile file = DirectFile.Open("big.dat");
        using MappedRegion region = file.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });
        try
        {
            for (long offset = 0; offset < region.Length; offset += 4096)
            {
                region.Write(offset, 1L);
            }
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine(fault.Cause);           // the store that found no space was not made
        }
        // end
    }
}
