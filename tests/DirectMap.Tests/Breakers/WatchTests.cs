using System.Collections.Concurrent;
using System.Diagnostics;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers;

/// <summary>What a holder hears of changes that did not ask, on the temp folder's file system.</summary>
public sealed class WatchTests : FileTest
{
    private readonly ConcurrentQueue<Trespass> _heard = new();

    [Fact]
    public void A_region_is_watched_by_default()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map();

        Assert.Equal((ProtectionLevel.Watched, ProtectionEngine.Fanotify), (region.Protection.Level, region.Protection.Engine));
        Assert.Equal(region.Protection, file.Protection);
    }

    [Theory]
    [InlineData("printf x | dd of=\"$1\" conv=notrunc status=none")]
    [InlineData("truncate -s 4096 \"$1\"")]
    [InlineData("fallocate -p -o 0 -l 4096 \"$1\"")]
    [InlineData(": > \"$1\"")]
    public void A_change_by_another_process_is_told(string script)
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map();
        region.Trespassed += (sender, told) => _heard.Enqueue(sender == region ? told : throw new InvalidOperationException());

        Change(script);

        Soon.Until(() => !_heard.IsEmpty, "the change is told");
        Assert.All(_heard, told => Assert.Equal(
            (file.Path, file.Id, TrespassOrigin.OtherProcess, ProtectionEngine.Fanotify, null),
            (told.Path, told.File, told.Origin, told.Engine, told.Detail)));
        Assert.Equal(RegionState.Active, region.State);
    }

    [Fact]
    public void Changes_by_this_process_past_the_library_are_told_as_its_own()
    {
        Action<string>[] changes =
        [
            path => File.WriteAllText(path, "short"),
            path => File.AppendAllText(path, "more"),
            path =>
            {
                using FileStream stream = new(path, FileMode.Open);
                stream.WriteByte(1);
            },
            path =>
            {
                using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
                RandomAccess.Write(handle, [1, 2, 3], 100);
            },
            path => System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 1 << 20).Dispose(),
        ];
        foreach (Action<string> change in changes)
        {
            using DirectFile file = Create(name: $"{Array.IndexOf(changes, change)}.pmem");
            using MappedRegion region = file.Map(MapOptions.Default with { OnTrespass = (_, told) => _heard.Enqueue(told) });

            change(file.Path);

            Soon.Until(() => !_heard.IsEmpty, "the change is told");
            Assert.All(_heard, told => Assert.Equal(
                (TrespassOrigin.ThisProcess, Environment.ProcessId), (told.Origin, told.ProcessId)));
            _heard.Clear();
        }
    }

    [Fact]
    public void Operations_of_the_library_are_not_told_and_what_comes_between_them_is()
    {
        using DirectFile file = Create(1 << 20);
        using DirectFile other = Open();
        using DirectFile source = Create(1 << 20, "source.pmem");
        using MappedRegion region = file.Map(MapOptions.Default with { Length = 4096, LeaseCoverage = LeaseCoverage.MappedRange });
        region.Trespassed += (_, told) => _heard.Enqueue(told);
        byte[] data = new byte[4096];
        for (int round = 0; round < 20; round++)
        {
            file.Write(data, 0);
            other.Write(data, 8192);
            file.SetLength((1 << 20) + (4096 * round));
            file.PunchHole(64 << 10, 4096);
            file.Prepare();
            file.CopyFrom(source, 0, 128 << 10, 4096);
            file.ZeroRange(64 << 10, 4096);
            region.Write(0, round);
            region.Persist();
            using ILayoutRight right = other.BreakLayout(new FileRange(8192, 4096));
            other.Write(data, 8192);
        }

        Assert.Empty(_heard);
        File.WriteAllText(file.Path, "past the library");
        Soon.Until(() => !_heard.IsEmpty, "what did not ask is told");
    }

    [Fact]
    public void What_was_required_revokes_and_says_who()
    {
        using DirectFile file = DirectFile.Open(Created(), Options with { Guard = GuardOptions.Required(ProtectionLevel.Watched) });
        using MappedRegion region = file.Map(MapOptions.Default with { OnTrespass = (_, told) => _heard.Enqueue(told) });

        Change("truncate -s 4096 \"$1\"");

        Soon.Until(() => region.State == RegionState.Revoked && !_heard.IsEmpty, "the region is revoked, and that is told");
        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => region.Read<int>(0));
        Assert.Equal((FaultCause.Trespass, TrespassOrigin.OtherProcess), (fault.Cause, fault.Trespass?.Origin));
        Assert.Contains("another process", fault.Message, StringComparison.Ordinal);
        using DirectFile breaker = Open();
        breaker.SetLength(8192); // Nobody holds a lease any more.
    }

    [Theory]
    [InlineData(GuardDemand.Required, TrespassResponse.Tell, false)]
    [InlineData(GuardDemand.Preferred, TrespassResponse.Revoke, true)]
    [InlineData(GuardDemand.Preferred, TrespassResponse.ByDemand, false)]
    public void What_a_trespass_does_can_be_chosen(GuardDemand demand, TrespassResponse response, bool isRevoked)
    {
        GuardOptions guard = new() { Demand = demand, Response = response };
        using DirectFile file = DirectFile.Open(Created(), Options with { Guard = guard });
        using MappedRegion region = file.Map();
        region.Trespassed += (_, told) => _heard.Enqueue(told);

        Change("printf x | dd of=\"$1\" conv=notrunc status=none");

        Soon.Until(() => !_heard.IsEmpty, "the change is told");
        Assert.Equal(isRevoked ? RegionState.Revoked : RegionState.Active, region.State);
    }

    [Fact]
    public void Who_wants_no_guard_hears_nothing()
    {
        using DirectFile deaf = DirectFile.Open(Created(), Options with { Guard = GuardOptions.None });
        using MappedRegion region = deaf.Map();
        region.Trespassed += (_, told) => _heard.Enqueue(told);
        Assert.Equal(ProtectionLevel.ThisProcess, region.Protection.Level);
        Assert.Contains("GuardOptions.None", region.Protection.Reason, StringComparison.Ordinal);
        using DirectFile listening = Open();
        ConcurrentQueue<Trespass> heard = new();
        listening.Trespassed += (_, told) => heard.Enqueue(told);

        Change("truncate -s 4096 \"$1\"");

        Soon.Until(() => !heard.IsEmpty, "the other one hears of it");
        Assert.Empty(_heard);
    }

    [Theory]
    [InlineData(ProtectionLevel.NoWriters)]
    [InlineData(ProtectionLevel.Proved)]
    public void A_required_level_that_there_is_not_refuses_to_open(ProtectionLevel level)
    {
        string path = Created();

        NotSupportedException refused = Assert.Throws<NotSupportedException>(
            () => DirectFile.Open(path, Options with { Guard = GuardOptions.Required(level) }));

        Assert.Contains($"{level} is required", refused.Message, StringComparison.Ordinal);
        using DirectFile file = DirectFile.Open(path, Options with { Guard = GuardOptions.Preferred(level) });
        using MappedRegion region = file.Map();
        Assert.Equal(ProtectionLevel.Watched, region.Protection.Level);
    }

    [Fact]
    public void A_file_is_watched_without_a_mapping_from_the_first_handler_on_to_the_last()
    {
        File.WriteAllBytes(Folder.File("file.pmem"), []);
        using DirectFile file = DirectFile.Open(Folder.File("file.pmem"), Options with { Access = FileAccess.Read });
        EventHandler<Trespass> handler = (sender, told) => _heard.Enqueue(told);
        Assert.Equal(ProtectionLevel.ThisProcess, file.Protection.Level);

        file.Trespassed += handler;
        Assert.Equal(ProtectionLevel.Watched, file.Protection.Level);
        Change("printf x >> \"$1\"");
        Soon.Until(() => !_heard.IsEmpty, "the change is told");

        file.Trespassed -= handler;
        _heard.Clear();
        Change("printf x >> \"$1\"");
        Soon.Until(() => file.Protection.Level == ProtectionLevel.ThisProcess, "the change finds that nobody listens");
        Assert.Empty(_heard);
    }

    [Fact]
    public async Task A_waiter_hears_of_a_change_of_the_level()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map();
        Protection known = region.Protection;

        Task<Protection> change = region.WaitForProtectionChangeAsync(known, TestContext.Current.CancellationToken);
        Assert.False(change.IsCompleted);
        Assert.Equal(known, await region.WaitForProtectionChangeAsync(new Protection(ProtectionLevel.None, "not this")));
        region.Dispose();

        Assert.Equal(known, await change.WaitAsync(Soon.Patience));
    }

    private string Created()
    {
        using DirectFile file = Create();
        return file.Path;
    }

    private void Change(string script)
    {
        using Process shell = Process.Start("sh", ["-c", script, "sh", Folder.File("file.pmem")]);
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
