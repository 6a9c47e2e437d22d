using System.Diagnostics;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.DaxTests.Cases;

/// <summary>Pages that go away under a mapping: each would end the process, were it not contained.</summary>
internal static class LossCases
{
    internal static Case[] All { get; } =
    [
        new("a truncation by another descriptor is an exception of every access, and the process lives", TruncationIsContained),
        new("Persist tells of a page that is gone before anybody has touched it", PersistTells),
        new("lost pages come back, mapped as they were", LostComeBack),
        new("a store to a hole of a full disk is an exception", FullDiskIsContained),
        new("a revocation replaces the pages, and the breaker goes on", RevocationReplaces),
    ];

    private static void TruncationIsContained(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page);
        using MappedRegion region = file.Map(
            MapOptions.Direct with { FaultContainment = FaultContainment.Required, FaultReach = FaultReach.Page });
        region.Fill(0, region.Length, 9);
        region.Persist();
        Setting.SetLengthOutside(file.Path, 4 * Setting.Page);
        foreach ((Action access, FaultAccess kind) in new (Action, FaultAccess)[]
        {
            (() => region.Read<long>(5 * Setting.Page), FaultAccess.Read),
            (() => region.Write(6 * Setting.Page, 1L), FaultAccess.Write),
            (() => region.CopyTo(7 * Setting.Page, new byte[100]), FaultAccess.Read),
            (() => region.CopyFrom(8 * Setting.Page, new byte[100]), FaultAccess.Write),
            (() => region.PersistCopy(9 * Setting.Page, new byte[100]), FaultAccess.Write),
            (() => region.Persist(5 * Setting.Page, 8), FaultAccess.Persist),
        })
        {
            MappingFaultException fault = Expect.Throws<MappingFaultException>(access, $"{kind} of a lost page");
            Expect.Equal((FaultCause.BeyondEndOfFile, kind), (fault.Cause, fault.Access), "cause and access");
        }

        Expect.Equal(9, region.Read<byte>(100), "a page that is there");
    }

    private static void PersistTells(Setting setting)
    {
        Expect.OrSkip(setting.PersistTouches, "this processor is QEMU's, whose flush of a line touches nothing");
        using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page);
        using MappedRegion region = file.Map(MapOptions.Direct);
        Setting.SetLengthOutside(file.Path, 4 * Setting.Page);
        MappingFaultException fault = Expect.Throws<MappingFaultException>(() => region.Persist(), "Persist");
        Expect.Equal((FaultCause.BeyondEndOfFile, FaultAccess.Persist), (fault.Cause, fault.Access), "cause and access");
    }

    private static void LostComeBack(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page);
        using MappedRegion region = file.Map(MapOptions.Ordinary with { FaultReach = FaultReach.Page });
        string[] before = Setting.FlagsOf(region);
        nint address = Setting.AddressOf(region);
        Setting.SetLengthOutside(file.Path, 0);
        Expect.Throws<MappingFaultException>(() => region.Write(0, 1L), "a store to a lost page");
        Expect.True(!ProcSelf.FlagsAt(address).Contains("sf"), "the page is another one");

        Setting.SetLengthOutside(file.Path, 16 * Setting.Page);
        Expect.Equal(0, region.RestoreLostPages().Count, "what is still lost");
        region.Write(0, 2L);
        region.Persist(0, 8);

        Expect.Equal(string.Join(' ', before), string.Join(' ', Setting.FlagsOf(region)), "VmFlags");
        byte[] read = new byte[8];
        file.Read(read, 0);
        Expect.Equal(2L, BitConverter.ToInt64(read), "what was stored");
    }

    private static void FullDiskIsContained(Setting setting)
    {
        using (FileStream sparse = File.Create(setting["sparse"]))
        {
            sparse.SetLength(16 << 20);
        }

        using (FileStream ballast = File.Create(setting["ballast"]))
        {
            byte[] block = new byte[1 << 20];
            try
            {
                while (true)
                {
                    ballast.Write(block);
                    ballast.Flush();
                }
            }
            catch (IOException)
            {
                // Full.
            }
        }

        using DirectFile file = DirectFile.Open(setting["sparse"]);
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        MappingFaultException fault = Expect.Throws<MappingFaultException>(() => region.Fill(0, region.Length, 1), "stores to a hole");
        Expect.Equal(FaultCause.NoSpace, fault.Cause, fault.Message);
    }

    private static void RevocationReplaces(Setting setting)
    {
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(200) });
        DirectFileOptions options = new() { Coordinator = coordinator };
        using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page, options);
        using DirectFile other = DirectFile.Open(setting["file"], options);
        using MappedRegion region = file.Map(MapOptions.Direct);
        nint address = Setting.AddressOf(region);
        long began = Stopwatch.GetTimestamp();

        other.SetLength(0); // nobody lets go

        Expect.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(200), "the deadline was kept");
        Expect.Equal(RegionState.Revoked, region.State, "state");
        Expect.Equal(0, ProcSelf.MappingsOf(file.Path), "mappings of the file");
        Expect.True(ProcSelf.FlagsAt(address) is { Length: > 0 } flags && !flags.Contains("sf"), "other pages are in place of the file's");
        foreach (Action access in (Action[])[
            () => region.Read<int>(0), () => region.Write(0, 1), () => region.Persist(), () => region.PersistFill(0, 10, 1), region.Drain
        ])
        {
            Expect.Equal(FaultCause.Revoked, Expect.Throws<MappingFaultException>(access, "an access after revocation").Cause, "cause");
        }

        Expect.Equal(0L, other.Length, "length");
    }
}
