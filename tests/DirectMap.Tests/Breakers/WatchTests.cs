using System.Collections.Concurrent;
using System.Diagnostics;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers;

/// <summary>What a holder hears of changes that did not ask, on the temp folder's file system.</summary>
public sealed class WatchTests(RealFileSystems fileSystems) : FileTest
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
        using MappedRegion region = file.Map(MapOptions.Default with { Range = new(0, 4096), LeaseCoverage = LeaseCoverage.MappedRange });
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
        Assert.True(file.Protection.Engine == ProtectionEngine.Fanotify, file.Protection.ToString());

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
        Requires.DevShm();
        using TestDirectory memory = new("/dev/shm"); // It has no pre-content events.
        string path = memory.File("file.pmem");
        DirectFile.Create(path, Environment.SystemPageSize, Options).Dispose();

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

        Assert.Equal(ProtectionLevel.None, (await change.WaitAsync(Soon.Patience)).Level);
        Assert.Equal(ProtectionLevel.None, region.Protection.Level);
    }

    /// <summary>What cannot be told apart: docs/limits.md has it. A kernel that tells more makes this fail.</summary>
    [Fact]
    public void What_this_process_does_past_the_library_within_an_operation_of_it_is_taken_for_the_operation()
    {
        using DirectFile file = Create(128 << 10);
        using MappedRegion region = file.Map(new MapOptions
        {
            Range = new(0, 4096),
            LeaseCoverage = LeaseCoverage.MappedRange,
            OnTrespass = (_, told) => _heard.Enqueue(told),
        });
        file.PunchHole(65536, 4096);

        file.Prepare(new PrepareOptions { Progress = new Once(() => File.AppendAllText(file.Path, "within")) });
        Assert.Equal((128 << 10) + 6, file.Length);
        Assert.Empty(_heard);

        file.PunchHole(65536, 4096);
        file.Prepare(new PrepareOptions { Progress = new Once(() => Change("printf x >> \"$1\"")) });
        Soon.Until(() => !_heard.IsEmpty, "another process is told apart also then");
        Assert.Equal(TrespassOrigin.OtherProcess, Assert.Single(_heard).Origin);
    }

    [Fact]
    public void A_handler_that_does_not_return_keeps_no_region_from_being_revoked()
    {
        using ManualResetEventSlim go = new();
        using ManualResetEventSlim isIn = new();
        GuardOptions guard = new() { Response = TrespassResponse.Revoke };
        using DirectFile file = DirectFile.Open(Created(), Options with { Guard = guard });
        using MappedRegion told = file.Map(MapOptions.Default with
        {
            OnTrespass = (_, _) =>
            {
                isIn.Set();
                go.Wait();
            },
        });
        Change("printf x | dd of=\"$1\" conv=notrunc status=none");
        Assert.True(isIn.Wait(Soon.Patience));

        using MappedRegion region = file.Map(MapOptions.Default with { OnTrespass = (_, _) => go.Wait() });
        region.Trespassed += (_, _) => go.Wait();
        Change("printf x | dd of=\"$1\" conv=notrunc status=none");

        Soon.Until(() => region.State == RegionState.Revoked, "the region is revoked");
        go.Set();
    }

    [Fact]
    public async Task Waiters_that_were_cancelled_leave_nothing_behind()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map();
        for (int number = 0; number < 1000; number++)
        {
            using CancellationTokenSource cancel = new();
            Task<Protection> wait = region.WaitForProtectionChangeAsync(region.Protection, cancel.Token);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        }

        Assert.Equal((0, 0), (region.Core.Ending.Waiters, DirectMap.Inodes.InodeTable.Find(file.Id)!.Arbiter.Waiters));
    }

    [Fact]
    public void A_change_while_the_file_is_looked_at_is_told_to_the_region_that_comes_of_it()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.Default with
        {
            FaultPolicy = new ChangingPolicy(() => Change("printf x | dd of=\"$1\" conv=notrunc status=none")),
            OnTrespass = (self, told) => _heard.Enqueue(self.Length == 64 << 10 ? told : throw new InvalidOperationException()),
        });

        Soon.Until(() => !_heard.IsEmpty, "the change is told");
        Assert.Equal(TrespassOrigin.OtherProcess, _heard.First().Origin);
    }

    [Fact]
    public void A_change_while_the_file_is_looked_at_revokes_the_region_where_that_is_required()
    {
        using DirectFile file = DirectFile.Open(Created(), Options with { Guard = GuardOptions.Required(ProtectionLevel.Watched) });
        using MappedRegion region = file.Map(MapOptions.Default with
        {
            FaultPolicy = new ChangingPolicy(() => Change("printf x | dd of=\"$1\" conv=notrunc status=none")),
        });

        Soon.Until(() => region.State == RegionState.Revoked, "the region is revoked");
    }

    [Fact]
    public void Options_of_a_factory_hold_for_files_that_do_not_say()
    {
        DirectFileFactory factory = new(new DirectMapOptions { Guard = GuardDemand.Required, GuardLevel = ProtectionLevel.Proved });
        DirectFileFactory deaf = new(new DirectMapOptions { Guard = GuardDemand.None });
        Requires.DevShm();
        using TestDirectory memory = new("/dev/shm"); // It has no pre-content events.
        string path = memory.File("file.pmem");
        DirectFile.Create(path, Environment.SystemPageSize, Options).Dispose();

        Assert.Throws<NotSupportedException>(() => factory.Open(path));
        using (DirectFile watched = factory.Open(path, DirectFileOptions.Default with { Guard = GuardOptions.Default }))
        {
            using MappedRegion region = watched.Map();
            Assert.Equal(ProtectionLevel.Watched, region.Protection.Level);
        }

        using DirectFile file = deaf.Open(path);
        using MappedRegion silent = file.Map();
        Assert.Equal(ProtectionLevel.ThisProcess, silent.Protection.Level);
    }

    [Theory]
    [InlineData((GuardDemand)7, ProtectionLevel.Watched, TrespassResponse.ByDemand)]
    [InlineData(GuardDemand.Preferred, (ProtectionLevel)2, TrespassResponse.ByDemand)]
    [InlineData(GuardDemand.Preferred, ProtectionLevel.Watched, (TrespassResponse)9)]
    public void What_is_no_value_of_its_enumeration_is_refused(GuardDemand demand, ProtectionLevel level, TrespassResponse response)
    {
        string path = Created();
        GuardOptions guard = new() { Demand = demand, Level = level, Response = response };

        Assert.Throws<ArgumentOutOfRangeException>(() => DirectFile.Open(path, Options with { Guard = guard }));
        DirectMapOptions options = new() { Guard = demand, GuardLevel = level, TrespassResponse = response };
        Assert.Throws<ArgumentException>(() => new DirectFileFactory(options));
    }

    [Fact]
    public void Mapping_a_file_that_shares_blocks_is_nobodys_change()
    {
        using TestDirectory folder = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile file = DirectFile.Create(folder.File("file.pmem"), 1 << 20, Options);
        using DirectFile copy = DirectFile.Create(folder.File("copy.pmem"), 1 << 20, Options);
        copy.CloneFrom(file, 0, 0, 4096);
        MapOptions unshared = MapOptions.Default with
        {
            Range = FileRange.From(512 << 10),
            OnTrespass = (_, told) => _heard.Enqueue(told),
            FaultPolicy = FaultPolicies.Except(FaultPolicies.Strict, RefusalReason.SharedExtent),
        };
        using MappedRegion held = file.Map(unshared);

        file.Map(unshared).Dispose();
        using DirectFile again = DirectFile.Open(file.Path, Options);
        again.Map(unshared).Dispose();

        File.AppendAllText(file.Path, "past the library");
        Soon.Until(() => !_heard.IsEmpty, "what did not ask is told");
        Assert.Single(_heard);
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

    /// <summary>Does something at the first progress, within the operation.</summary>
    private sealed class Once(Action action) : IProgress<PrepareProgress>
    {
        private Action? _action = action;

        public void Report(PrepareProgress value) => Interlocked.Exchange(ref _action, null)?.Invoke();
    }

    /// <summary>Allows everything, and does something at the first look.</summary>
    private sealed class ChangingPolicy(Action change) : IFaultPolicy
    {
        private Action? _change = change;

        public PolicyDecision EvaluateFile(in FileFacts file) => PolicyDecision.Allow;

        public PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access)
        {
            Interlocked.Exchange(ref _change, null)?.Invoke();
            return PolicyDecision.Allow;
        }
    }
}
