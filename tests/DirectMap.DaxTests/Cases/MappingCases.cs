namespace DirectMap.DaxTests.Cases;

/// <summary>How files on DAX are mapped, and what the regions say of themselves.</summary>
internal static class MappingCases
{
    private const long HugePage = 2 << 20;

    internal static Case[] All { get; } =
    [
        new("a file is on DAX without emulation, and the kernel confirms MAP_SYNC", IsMapped),
        new("a file opened for reading is mapped alike", IsMappedForReading),
        new("an ordinary mapping is alike", IsMappedOrdinarily),
        new("what is emulated is not mapped with MAP_SYNC, and says so", EmulatedIsNot),
        new("whoever needs less than there is is told the missing fact, and whoever needs as much gets it", RequiredIsKept),
        new("from 2 MiB on addresses are aligned as offsets are", IsAligned),
        new("where blocks are aligned, too, the kernel maps 2 MiB at a time", IsMappedHuge),
        new("a region that was forgotten is unmapped", ForgottenIsUnmapped),
    ];

    private static void IsMapped(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 64 << 10);
        using MappedRegion region = file.Map(MapOptions.Direct);
        ExpectFacts(setting, region);
        region.Write(8, 42L);
        byte[] read = new byte[8];
        file.Read(read, 8);
        Expect.Equal(42L, BitConverter.ToInt64(read), "what was stored");
    }

    private static void IsMappedForReading(Setting setting)
    {
        DirectFile.Create(setting["file"], 64 << 10).Dispose();
        using DirectFile file = DirectFile.Open(setting["file"], new DirectFileOptions { Access = FileAccess.Read });
        using MappedRegion region = file.Map(MapOptions.Direct);
        ExpectFacts(setting, region);
        Expect.Equal(0, region.Read<int>(0), "what is there");
    }

    private static void IsMappedOrdinarily(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 64 << 10);
        using MappedRegion region = file.Map(MapOptions.Ordinary with { Range = new FileRange(Setting.Page, 100) });
        ExpectFacts(setting, region);
    }

    private static void ExpectFacts(Setting setting, MappedRegion region)
    {
        string[] flags = Setting.FlagsOf(region);
        Expect.Equal(false, region.Facts.IsEmulated, "IsEmulated");
        Expect.Equal(setting.IsSync, flags.Contains("sf"), $"MAP_SYNC in VmFlags ({string.Join(' ', flags)})");
        Expect.True(flags.Contains("dc"), "MADV_DONTFORK in VmFlags");
        Expect.Equal(setting.Granularity, region.Facts.Granularity.Value, $"granularity ({region.Facts.Granularity.Reason})");
        Expect.Equal(
            setting.Granularity == PersistGranularity.Page ? DurabilityKind.PageCache : DurabilityKind.PersistentMemory,
            region.Facts.Durability.Value,
            $"durability ({region.Facts.Durability.Reason})");
        if (setting.Granularity == PersistGranularity.Byte)
        {
            Expect.Equal("nothing is missing", region.Facts.Granularity.Reason, "the granularity's reason");
        }
        else
        {
            Expect.Contains(setting.Reason, region.Facts.Granularity.Reason, "the granularity's reason");
            Expect.Contains(setting.Reason, region.Facts.Durability.Reason, "Durability.Reason");
        }
    }

    private static void EmulatedIsNot(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 64 << 10);
        foreach (PersistGranularity emulated in Enum.GetValues<PersistGranularity>())
        {
            using MappedRegion region = file.Map(MapOptions.Direct with { EmulatedGranularity = emulated });
            Expect.Equal(emulated, region.Facts.Granularity.Value, "granularity");
            Expect.Equal(
                emulated == PersistGranularity.Page ? DurabilityKind.PageCache : DurabilityKind.Emulated,
                region.Facts.Durability.Value,
                "durability");
            Expect.True(!Setting.FlagsOf(region).Contains("sf"), "no MAP_SYNC");
        }
    }

    private static void RequiredIsKept(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 64 << 10);
        foreach (PersistGranularity required in Enum.GetValues<PersistGranularity>())
        {
            MapOptions options = MapOptions.Direct with { RequiredGranularity = required };
            if (required >= setting.Granularity)
            {
                using MappedRegion region = file.Map(options);
                Expect.Equal(setting.Granularity, region.Facts.Granularity.Value, "granularity");
                continue;
            }

            MapRefusedException refused = Expect.Throws<MapRefusedException>(() => file.Map(options), $"{required} is required");
            Expect.Equal(RefusalReason.GranularityUnavailable, refused.Reason, "reason");
            Expect.Contains(setting.Reason, refused.Message, "message");
            Expect.Equal(0, file.GetLeases().Count, "leases of what was refused");
        }
    }

    private static void IsAligned(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 4 * HugePage);
        foreach (long offset in (long[])[0, Setting.Page, HugePage, HugePage + Setting.Page])
        {
            using MappedRegion region = file.Map(MapOptions.Direct with { Range = new FileRange(offset, HugePage + 8) });
            Expect.Equal(setting.IsSync, Setting.FlagsOf(region).Contains("sf"), "MAP_SYNC");
            if (setting.IsSync)
            {
                Expect.Equal(offset % HugePage, Setting.AddressOf(region) % HugePage, $"the address within 2 MiB, at offset {offset}");
            }

            region.Fill(0, region.Length, 3);
            region.Persist();
        }
    }

    /// <summary>What the alignment is for. The device's blocks begin at a multiple of 2 MiB in memory, as ndctl arranges it.</summary>
    private static void IsMappedHuge(Setting setting)
    {
        Expect.OrSkip(setting.IsSync, "the other engine promises no alignment");
        using DirectFile file = DirectFile.Create(setting["file"], 16 * HugePage);
        long offset = file.GetExtents()
            .Where(extent => (extent.PhysicalOffset - extent.Offset) % HugePage == 0)
            .Select(extent => (First: (extent.Offset + HugePage - 1) / HugePage * HugePage, End: extent.Offset + extent.Length))
            .Where(extent => extent.First + (2 * HugePage) <= extent.End)
            .Select(extent => extent.First)
            .FirstOrDefault(-1);
        Expect.OrSkip(offset >= 0, "the file system has put no 4 MiB of the file on aligned blocks");
        using MappedRegion region = file.Map(MapOptions.Direct with { Range = new FileRange(offset, 2 * HugePage) });
        long before = Setting.PageFaults;

        region.Fill(0, region.Length, 3);

        long faults = Setting.PageFaults - before;
        Console.WriteLine($"      {faults} page faults for {region.Length} bytes");
        Expect.True(faults < 256, "far fewer page faults than pages, of which there are 1024");
    }

    /// <summary>That nothing is left is looked at after each case.</summary>
    private static void ForgottenIsUnmapped(Setting setting)
    {
        Forget(setting["file"]);

        static void Forget(string path)
        {
            using DirectFile file = DirectFile.Create(path, 64 << 10);
            MappedRegion region = file.Map(MapOptions.Direct);
            region.Write(0, 1);
        }
    }
}
