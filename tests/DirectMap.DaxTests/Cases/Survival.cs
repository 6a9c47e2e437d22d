using DirectMap.Tests.Infrastructure;

namespace DirectMap.DaxTests.Cases;

/// <summary>
/// MAP_SYNC's promise: the block that a store goes to is the file's, durably, before the store reaches it. The machine is reset right after
/// the stores; a control without MAP_SYNC must lose what the other keeps, or nothing would have been shown.
/// </summary>
internal static class Survival
{
    private const int PageCount = 1024;
    private const long Length = (long)PageCount * Setting.Page;

    internal static Case[] All { get; } =
    [
        new(
            "stores to a sparse file that is mapped with MAP_SYNC are there after a reset, persisted by cache lines only",
            setting => Expect.Equal(PageCount, CountOf(setting, "sparse"), "pages kept")),
        new(
            "so are stores to a file that was created by the library",
            setting => Expect.Equal(PageCount, CountOf(setting, "created"), "pages kept")),
        new(
            "stores to a sparse file without MAP_SYNC are lost: the reset was one",
            setting => Expect.True(CountOf(setting, "control") < PageCount, "pages of the control were lost")),
    ];

    /// <summary>Does not return where it goes well.</summary>
    internal static void Store(string folder)
    {
        foreach (string name in (string[])["sparse", "control"])
        {
            using FileStream stream = File.Create(Path.Combine(folder, name));
            stream.SetLength(Length);
            stream.Flush(flushToDisk: true);
        }

        using DirectFile created = DirectFile.Create(Path.Combine(folder, "created"), Length);
        using DirectFile sparse = DirectFile.Open(Path.Combine(folder, "sparse"));
        using DirectFile control = DirectFile.Open(Path.Combine(folder, "control"));
        using MappedRegion prepared = created.Map(MapOptions.Direct with { RequiredGranularity = PersistGranularity.CacheLine });
        using MappedRegion sync = sparse.Map(MapOptions.Ordinary with { RequiredGranularity = PersistGranularity.CacheLine });
        using MappedRegion plain = control.Map(MapOptions.Ordinary with { EmulatedGranularity = PersistGranularity.CacheLine });
        Console.WriteLine(
            $"{sync.Facts.Granularity.Value}, {sync.Facts.Durability}; control: {plain.Facts.Granularity.Value}, {plain.Facts.Durability}");

        // The control last: a commit of the file system's journal, which MAP_SYNC makes for its file, takes other files' blocks along.
        foreach (MappedRegion region in (MappedRegion[])[prepared, sync, plain])
        {
            for (int page = 0; page < PageCount; page++)
            {
                region.Write((long)page * Setting.Page, Mark(page));
                region.Persist((long)page * Setting.Page, sizeof(long));
            }
        }

        File.WriteAllText("/proc/sysrq-trigger", "b");
    }

    private static long Mark(int page) => (page * 0x1E3779B97F4A7C15L) | 1;

    private static int CountOf(Setting setting, string name)
    {
        using FileStream stream = File.OpenRead(Path.Combine(setting.Folder, "..", name));
        byte[] page = new byte[Setting.Page];
        int kept = 0;
        for (int i = 0; i < PageCount && stream.ReadAtLeast(page, page.Length, throwOnEndOfStream: false) == page.Length; i++)
        {
            kept += BitConverter.ToInt64(page) == Mark(i) ? 1 : 0;
        }

        Console.WriteLine($"      {name}: {kept} of {PageCount} pages");
        return kept;
    }
}
