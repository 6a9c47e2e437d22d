using DirectMap.Backings;
using DirectMap.Inodes;

namespace DirectMap.Tests.Docs.Examples;

internal static class DurabilityExamples
{
    [Example]
    internal static void Asking()
    {
        // begin Asking
        File.Delete("journal.pmem");
        using DirectFile file = DirectFile.Create("journal.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        if (region.Facts.Durability.Value != DurabilityKind.PageCache)
        {
            Console.Error.WriteLine($"{region.Facts.Durability.Value}: {region.Facts.Durability.Reason}"); // refuse to start, or warn
        }

        region.Write(0, 42L);
        region.Persist(0, sizeof(long));   // the stores of the mapping: msync of the pages that hold these bytes
        file.Write([1, 2, 3], 4096);
        file.Flush();                      // all that was written to the file, by whatever way: fsync
        // end

        Assert.Equal(42, region.Read<long>(0));
    }

    [Example]
    internal static void Requiring()
    {
        // begin Requiring
        File.Delete("journal.pmem");
        using DirectFile file = DirectFile.Create("journal.pmem", length: 1 << 20);
        using (MappedRegion region = file.Map(MapOptions.DirectOrEmulated))
        {
            Console.WriteLine($"{region.Facts.Granularity.Value}: {region.Facts.Granularity.Reason}"); // whatever there is
        }

        try
        {
            file.Map(MapOptions.DirectOrEmulated with { RequiredGranularity = PersistGranularity.CacheLine });
        }
        catch (MapRefusedException refused)
        {
            Console.WriteLine($"{refused.Reason}: {refused.Detail}");
        }
        // end
    }

    // begin Journal
    internal sealed class Journal(MappedRegion region)
    {
        /// <summary>The number of records. A word of eight bytes: it is there as a whole, or not at all.</summary>
        internal long Count => region.Read<long>(0);

        internal void Append(ReadOnlySpan<byte> record)
        {
            long at = 64 + (Count * 64);
            region.PersistCopy(at, record, StoreFlags.NoDrain);
            region.PersistFill(at + record.Length, 64 - record.Length, value: 0, StoreFlags.NoDrain);
            region.Drain();                    // waits for both at once: first the record is durable,
            region.Write(0, Count + 1);        // and then comes the word that says that it is there
            region.Persist(0, sizeof(long));
        }
    }
    // end

    [Example(NeedsNative = true)]
    internal static void Emulating()
    {
        // begin Emulating
        foreach (PersistGranularity granularity in Enum.GetValues<PersistGranularity>())
        {
            File.Delete("journal.pmem");
            using DirectFile file = DirectFile.Create("journal.pmem", length: 1 << 20);
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity });
            Journal journal = new Journal(region);
            journal.Append("first"u8);
            journal.Append("second"u8);

            Assert.Equal(granularity, region.Facts.Granularity.Value);
            Assert.Equal(2, journal.Count);
            Assert.Equal((byte)'s', File.ReadAllBytes("journal.pmem")[64 + 64]);
            // stamped: nothing was written to the device
            Assert.Equal(granularity != PersistGranularity.Page, region.Facts.Durability.Value == DurabilityKind.Emulated);
        }
        // end
    }

    [Example]
    internal static void Ordering()
    {
        // begin Ordering
        File.Delete("journal.pmem");
        using DirectFile file = DirectFile.Create("journal.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        using (RegionScope record = region.OpenScope(offset: 4096, length: 1000))
        {
            record.Span.Fill(7);
            record.Complete();
        }

        region.Persist(4096, 1000);        // first the record,
        region.Write(0, 1L);               // then the word that says it is there
        region.Persist(0, sizeof(long));
        // end
    }

    [Example]
    internal static void Acknowledge()
    {
        File.Delete("journal.pmem");
        using DirectFile file = DirectFile.Create("journal.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (InodeReference inode = LinuxBacking.Instance.Open(
            file.Path, FileAccess.ReadWrite, new FileBinding(DirectFileFactory.Default.Coordinator, "the example")))
        {
            inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 5); // what a sync does whom the kernel tells of EIO
        }

        // begin Acknowledge
        region.Write(0, 42L);
        try
        {
            region.Persist(0, sizeof(long));
        }
        catch (WritebackFailureException failed)
        {
            Console.WriteLine(failed.Failure.Errno);                  // mend the cause: here EIO (5), the device
            if (!failed.IsAcknowledged)
            {
                file.AcknowledgeWritebackFailure(failed.Failure);
            }

            // all that was not durable yet: the kernel does not write it again by itself
            region.Write(0, 42L);
            region.Persist(0, sizeof(long));
        }
        // end

        Assert.Null(file.WritebackFailure);
    }
}
