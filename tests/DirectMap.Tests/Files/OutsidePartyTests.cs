using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DirectMap.Configuration;
using DirectMap.Layout;
using DirectMap.Telemetry;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>A party that a factory's configuration names has a say in all that is done to its files.</summary>
public abstract class OutsidePartyTests : FileTest
{
    private readonly List<TestParty> _parties = [];
    private readonly ConcurrentQueue<string> _log = new();

    internal OutsidePartyTests(FileBackingKind backing)
        : base(backing)
    {
    }

    private TestParty Party => Assert.Single(_parties);

    [Fact]
    public async Task It_joins_for_each_lease_and_is_left_when_that_has_ended()
    {
        using DirectFile file = Watched();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        MappedRegion another = await file.MapAsync(MapOptions.DirectOrEmulated);
        ILayoutLease lease = file.AcquireLease();
        ILayoutLease other = await file.AcquireLeaseAsync();
        using MappedRegion ordinary = file.Map(MapOptions.Ordinary);
        Assert.Equal((4, 4), (Party.Joins, file.GetLeases().Count));

        region.Dispose();
        await another.ReleaseAsync();
        lease.Dispose();
        other.Dispose();

        Assert.Equal((0, 0, 0), (Party.Members, Party.Clears, file.GetLeases().Count));
        Party.AssertNothingIsGivenBackTwice();
    }

    [Fact]
    public void It_clears_each_operation_before_it_is_made_and_until_it_has_ended()
    {
        using DirectFile file = Watched();
        using DirectFile source = Watched("source");
        using (file.AcquireLease())
        {
            // The party is made.
        }

        foreach ((string name, Action operation) in Operations(file, source))
        {
            int before = _parties.Sum(party => party.Clears);
            int running = 0;
            _parties.ForEach(party => party.Ending = () => running += party.Running);
            Exception? exception = Record.Exception(operation);

            Assert.True(exception is null or NotSupportedException or IOException, $"{name}: {exception}");
            Assert.True(_parties.Sum(party => party.Clears) > before, $"{name} is not cleared");
            Assert.All(_parties, party => Assert.Equal(0, party.Running));
        }

        using (ILayoutRight right = file.BreakLayout(FileRange.Whole))
        {
            file.Write([1], 0); // Under the right, and an operation all the same.
            Assert.Equal(1, _parties.Sum(party => party.Running));
        }

        Assert.Equal(0, _parties.Sum(party => party.Running));
    }

    [Fact]
    public async Task Where_it_refuses_nothing_is_done()
    {
        using DirectFile file = Watched();
        file.AcquireLease().Dispose();
        Party.Clearing = static (_, _) => throw new InvalidTimeZoneException("no");
        Party.Joining = static (_, _) => throw new InvalidTimeZoneException("no");

        Assert.Throws<InvalidTimeZoneException>(() => file.Write([1], 0));
        await Assert.ThrowsAsync<InvalidTimeZoneException>(async () => await file.WriteAsync(new byte[] { 1 }, 0));
        Assert.Throws<InvalidTimeZoneException>(() => file.SetLength(4096));
        Assert.Throws<InvalidTimeZoneException>(() => file.BreakLayout(FileRange.Whole));
        Assert.Throws<InvalidTimeZoneException>(() => file.AcquireLease());
        Assert.Throws<InvalidTimeZoneException>(() => file.Map(MapOptions.DirectOrEmulated));

        byte[] read = new byte[1];
        file.Read(read, 0);
        Assert.Equal(0, read[0]);
        Assert.Equal(64 << 10, file.Length);
        Assert.Equal((0, 0), (Party.Members, Party.Running));
    }

    [Fact]
    public async Task A_region_that_is_revoked_for_a_change_outside_leaves_it()
    {
        using DirectFile file = Watched();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Task<ILayoutRight> breaking = Party.Seat.BreakAsync(
            new BreakRequest
            {
                File = file.Id,
                Owner = new object(),
                Operation = LayoutOperation.SetLength,
                Range = FileRange.Whole,
                Breaker = "pid 4711 (truncate)",
            },
            default).AsTask();
        Assert.Equal("pid 4711 (truncate)", region.Lease!.CurrentBreak!.Breaker);

        PassDeadline();

        using ILayoutRight right = await breaking.Within();
        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => region.Read<byte>(0));
        Assert.Equal(FaultCause.Revoked, fault.Cause);
        Assert.Equal((1, 0, 0), (Party.Joins, Party.Members, Party.Clears));
    }

    [Fact]
    public void A_lease_and_a_right_that_are_forgotten_leave_it()
    {
        using DirectFile file = Watched();
        Forget(file);

        Soon.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Party.Members == 0 && Party.Running == 0 && file.GetLeases().Count == 0;
            },
            "what was forgotten is given back");
        Party.AssertNothingIsGivenBackTwice();
    }

    [Fact]
    public void A_forgotten_lease_of_a_users_coordinator_leaves_it_too()
    {
        using DirectFile file = Watched(coordinator: new ForgetfulCoordinator(Coordinator));
        Forget(file);

        Soon.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Party.Members == 0 && Party.Running == 0;
            },
            "what was forgotten is given back");
        Party.AssertNothingIsGivenBackTwice();
    }

    [Fact]
    public async Task A_file_that_is_disposed_while_a_lease_is_being_granted_lets_it_go_with_the_lease()
    {
        DirectFile file = Watched();
        file.AcquireLease().Dispose();
        TaskCompletionSource joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Party.Joining = async (_, _) => await joined.Task;
        Task<ILayoutLease> lease = file.AcquireLeaseAsync().AsTask();
        Task<MappedRegion> region = file.MapAsync(MapOptions.DirectOrEmulated).AsTask();

        file.Dispose();
        joined.SetResult();

        ILayoutLease held = await lease.Within();
        MappedRegion mapped = await region.Within();
        Assert.Equal((2, 0), (Party.Members, Party.Detached));
        held.Dispose();
        mapped.Dispose();
        Assert.Equal((0, 1), (Party.Members, Party.Detached));
        Party.AssertNothingIsGivenBackTwice();
    }

    [Fact]
    public void It_is_one_for_all_who_open_the_file_and_let_go_with_the_last()
    {
        using (DirectFile file = Watched())
        {
            using DirectFile same = Factory().Open(file.Path);
            file.AcquireLease().Dispose();
            same.AcquireLease().Dispose();
            Assert.Equal((2, 0), (Party.Joins, Party.Detached));
        }

        Assert.Equal(1, Party.Detached);
    }

    private static (string Name, Action Operation)[] Operations(DirectFile file, DirectFile source) =>
    [
        ("write", () => file.Write([1], 0)),
        ("write async", () => file.WriteAsync(new byte[] { 1 }, 0).AsTask().GetAwaiter().GetResult()),
        ("gather", () => file.Write([new byte[] { 1 }, new byte[] { 2 }], 0)),
        ("allocate", () => file.Allocate(0, 4096)),
        ("grow", () => file.SetLength(128 << 10)),
        ("prepare", () => file.Prepare()), // what it has grown by
        ("punch", () => file.PunchHole(0, 4096)),
        ("prepare async", () => file.PrepareAsync().GetAwaiter().GetResult()),
        ("zero", () => file.ZeroRange(0, 4096)),
        ("shrink", () => file.SetLength(64 << 10)),
        ("copy", () => file.CopyFrom(source, 0, 0, 4096)),
        ("clone", () => file.CloneFrom(source)),
    ];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(DirectFile file)
    {
        _ = file.AcquireLease();
        _ = file.Map(MapOptions.DirectOrEmulated);
        _ = file.BreakLayout(new FileRange(0, 0));
    }

    private DirectFileFactory Factory(ILeaseCoordinator? coordinator = null) => new(new FileConfiguration(
        "the test",
        coordinator ?? Coordinator,
        FaultPolicies.Permissive,
        Backing,
        new FileEvents("the test", null, null),
        TestParty.Makers(_parties, _log, "a")));

    private DirectFile Watched(string name = "file.pmem", ILeaseCoordinator? coordinator = null) =>
        Factory(coordinator).Create(Folder.File(name), 64 << 10);

    /// <summary>Its leases and rights do not end when they are collected.</summary>
    private sealed class ForgetfulCoordinator(ILeaseCoordinator inner) : PassingCoordinator(inner)
    {
        private readonly List<object> _kept = [];

        public override ILayoutLease Acquire(LeaseRequest request) => new Lease(Kept(base.Acquire(request)));

        public override ILayoutRight Break(BreakRequest request) => new Right(Kept(base.Break(request)));

        private T Kept<T>(T taken)
            where T : class
        {
            lock (_kept)
            {
                _kept.Add(taken);
            }

            return taken;
        }

        private sealed class Lease(ILayoutLease inner) : ILayoutLease
        {
            public FileRange Range => inner.Range;

            public LeaseMode Mode => inner.Mode;

            public LeaseState State => inner.State;

            public LeaseBreak? CurrentBreak => inner.CurrentBreak;

            public CancellationToken Breaking => inner.Breaking;

            public Task<LeaseBreak?> WaitForBreakAsync(CancellationToken cancellationToken = default) =>
                inner.WaitForBreakAsync(cancellationToken);

            public void Upgrade() => inner.Upgrade();

            public ValueTask UpgradeAsync(CancellationToken cancellationToken = default) => inner.UpgradeAsync(cancellationToken);

            public void Downgrade() => inner.Downgrade();

            public void Dispose() => inner.Dispose();
        }

        private sealed class Right(ILayoutRight inner) : ILayoutRight
        {
            public FileRange Range => inner.Range;

            public void Dispose() => inner.Dispose();

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
