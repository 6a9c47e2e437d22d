namespace DirectMap.Tests.Docs.Examples;

internal static class PortableExamples
{
    [Example]
    internal static void Use()
    {
        // begin Use
        DirectFileFactory files = new(new DirectMapOptions { Backing = FileBackingKind.Portable });
        using DirectFile file = files.OpenOrCreate("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 42L);
        region.Persist(0, sizeof(long));
        Console.WriteLine($"{region.BackingKind}, revocation {region.Revocation.Kind}, durability {region.Durability.Kind}, block map {region.BlockMapStability}");
        // end
    }

    [Example]
    internal static void UnitTest()
    {
        // begin UnitTest
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(50) }); // or a TimeProvider of your own
        DirectFileFactory files = new(new DirectMapOptions { Backing = FileBackingKind.Portable }, coordinator);
        EmulatedBlockMap blocks = new(length: 1 << 20);
        using DirectFile file = files.OpenOrCreate("test.pmem", length: 1 << 20, new DirectFileOptions { BlockMap = blocks });

        blocks.Set(new FileRange(4096, 4096), ExtentFlags.Shared);
        try
        {
            file.Map(MapOptions.DirectOrEmulated);
        }
        catch (MapRefusedException refusal)
        {
            Console.WriteLine(refusal.Reason);
        }

        blocks.Set(new FileRange(4096, 4096), ExtentFlags.None);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using DirectFile other = files.Open("test.pmem");
        other.Write([1, 2, 3], offset: 0);                     // nobody lets go: at the deadline the region is revoked
        Console.WriteLine(region.State);
        // end
    }
}
