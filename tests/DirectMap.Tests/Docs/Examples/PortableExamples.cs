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
        Console.WriteLine(
            $"{region.Facts.BackingKind}, revocation {region.Facts.Revocation.Value}, durability {region.Facts.Durability.Value}, "
                + $"block map {region.Facts.BlockMapStability}");
        // end
    }

    // begin Counter
    internal sealed class Counter(IDirectFileFactory files, string path) : IDisposable
    {
        private readonly DirectFile _file = files.OpenOrCreate(path, length: 1 << 20);
        private MappedRegion? _region;

        internal long Next()
        {
            while (true)
            {
                _region ??= _file.Map(MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait });
                try
                {
                    long next = _region.Read<long>(0) + 1;
                    _region.Write(0, next);
                    _region.Persist(0, sizeof(long));
                    return next;
                }
                catch (MappingFaultException fault) when (fault.Cause == FaultCause.Revoked)
                {
                    _region.Dispose();
                    _region = null;                                // somebody has changed the file: map what there is now
                }
            }
        }

        public void Dispose()
        {
            _region?.Dispose();
            _file.Dispose();
        }
    }
    // end

    [Example]
    internal static async Task UnitTest()
    {
        // begin UnitTest
        DirectoryInfo folder = Directory.CreateTempSubdirectory("counter-");
        try
        {
            LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(50) });
            DirectFileFactory files = new(new DirectMapOptions { Backing = FileBackingKind.Portable }, coordinator);
            string path = Path.Combine(folder.FullName, "count.pmem");
            using Counter counter = new Counter(files, path);
            Assert.Equal(1, counter.Next());

            using (DirectFile other = files.Open(path))
            {
                // the counter does not let go: after 50 ms its region is revoked
                await other.WriteAsync(BitConverter.GetBytes(41L), fileOffset: 0);
            }

            Assert.Equal(42, counter.Next());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
        // end
    }

    [Example]
    internal static void Blocks()
    {
        // begin Blocks
        EmulatedBlockMap blocks = new(length: 1 << 20);
        DirectFileFactory files = new(new DirectMapOptions { Backing = FileBackingKind.Portable });
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
        // end
    }
}
