using DirectMap.Stores;

namespace DirectMap.DaxTests.Cases;

/// <summary>Making bytes durable. That lines really leave the caches no virtual machine can show.</summary>
internal static class PersistenceCases
{
    internal static Case[] All { get; } =
    [
        new("Persist, PersistAsync, Flush and Drain, DeepFlush", PersistsEveryWay),
        new("PersistCopy, PersistMove, PersistFill, with every flag and at odd addresses", StoresEveryWay),
        new("a file that was made ready is mapped directly", PreparedIsMapped),
    ];

    private static void PersistsEveryWay(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page);
        using MappedRegion region = file.Map(MapOptions.Direct);
        Action<int>[] ways =
        [
            at => region.Persist(at, 100),
            at => region.PersistAsync(at, 100).GetAwaiter().GetResult(),
            at =>
            {
                region.WriteBack(at, 100);
                region.Drain();
            },
            at => region.DeepFlush(at, 100),
            _ => region.Persist(),
        ];
        for (int i = 0; i < ways.Length; i++)
        {
            int at = (i * 2 * Setting.Page) + 4090; // across two pages
            region.Fill(at, 100, (byte)(i + 1));
            ways[i](at);
            ExpectContent(file, at, 100, (byte)(i + 1));
        }

        region.DeepFlush(0, region.Length);
        file.Flush();
    }

    private static void StoresEveryWay(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 64 * Setting.Page);
        using MappedRegion region = file.Map(MapOptions.Direct);
        byte value = 0;
        foreach (StoreFlags flags in (StoreFlags[])[
            StoreFlags.None,
            StoreFlags.NoDrain,
            StoreFlags.NoFlush,
            StoreFlags.Temporal,
            StoreFlags.NonTemporal,
            StoreFlags.NonTemporal | StoreFlags.NoDrain
        ])
        {
            foreach ((int at, int length) in ((int, int)[])[(0, 8), (7, 64), (64, 4096), (4093, 100_001)])
            {
                byte[] source = new byte[length];
                Array.Fill(source, ++value);
                region.PersistCopy(at, source, flags);
                ExpectContent(file, at, length, value);
                region.PersistMove(at + 3, at, length, flags);
                ExpectContent(file, at, length + 3, value);
                region.PersistFill(at, length, ++value, flags);
                region.Drain();
                ExpectContent(file, at, length, value);
            }
        }
    }

    private static void PreparedIsMapped(Setting setting)
    {
        using (FileStream sparse = File.Create(setting["file"]))
        {
            sparse.SetLength(16 * Setting.Page);
        }

        using DirectFile file = DirectFile.Open(setting["file"]);
        file.Prepare();
        using MappedRegion region = file.Map(MapOptions.Direct);
        region.Fill(0, region.Length, 5);
        region.Persist();
        ExpectContent(file, 0, 16 * Setting.Page, 5);
    }

    private static void ExpectContent(DirectFile file, long offset, int length, byte expected)
    {
        byte[] read = new byte[length];
        Expect.Equal(length, file.Read(read, offset), "bytes read");
        Expect.Bytes(read, expected, $"the file from {offset} on");
    }
}
