using System.Reflection;
using DirectMap.Tests.Api;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>Options that cannot be meant are told by the parameter and the property, before anything is begun.</summary>
public sealed class WrongOptionTests : FileTest
{
    private static readonly BreakOptions s_wrong = new() { WhenUnavailable = (WhenUnavailable)7 };

    [Fact]
    public void What_to_do_that_is_no_value_of_its_enumeration_is_refused_by_each_operation_and_breaks_nothing()
    {
        using DirectFile file = Create();
        file.SetLength(128 << 10);
        using DirectFile other = Create(name: "other.pmem");
        using DirectFile holder = Open();
        using ILayoutLease lease = holder.AcquireLease();
        Probe probe = new(file, other);
        int count = 0;
        foreach (MethodInfo method in PublicMembers.Of(typeof(DirectFile)).OfType<MethodInfo>())
        {
            object?[] arguments = probe.Arguments(method);
            foreach (ParameterInfo parameter in method.GetParameters())
            {
                object? wrong = parameter.ParameterType == typeof(BreakOptions) ? s_wrong
                    : parameter.ParameterType == typeof(PrepareOptions) ? new PrepareOptions { Break = s_wrong }
                    : null;
                if (wrong is null)
                {
                    continue;
                }

                arguments[parameter.Position] = wrong;
                AssertWrong("options", "BreakOptions.WhenUnavailable", () => { _ = Probe.Begin(file, method, arguments); });
                count++;
            }
        }

        Assert.InRange(count, 30, 50);
        Assert.Equal(LeaseState.Active, lease.State);
    }

    [Fact]
    public void A_coordinator_is_asked_for_nothing_that_is_no_value_of_its_enumeration()
    {
        using DirectFile file = Create();
        using ILayoutLease lease = file.AcquireLease();
        BreakRequest request = new()
        {
            File = file.Id,
            Owner = new object(),
            Operation = LayoutOperation.Write,
            Range = FileRange.Whole,
            Breaker = "test",
        };
        BreakRequest[] breaks = [request with { Operation = (LayoutOperation)99 }, request with { Options = s_wrong }];
        string[] properties = ["BreakRequest.Operation", "BreakOptions.WhenUnavailable"];
        for (int i = 0; i < breaks.Length; i++)
        {
            AssertWrong("request", properties[i], () => Coordinator.Break(breaks[i]));
            AssertWrong("request", properties[i], () => { _ = Coordinator.BreakAsync(breaks[i]).AsTask(); });
        }

        LeaseRequest wanted = new() { File = file.Id, Owner = new object() };
        AssertWrong("request", "LeaseRequest.Mode", () => Coordinator.Acquire(wanted with { Mode = (LeaseMode)9 }));
        AssertWrong(
            "request", "LeaseRequest.WhenUnavailable", () => Coordinator.Acquire(wanted with { WhenUnavailable = (WhenUnavailable)9 }));
        Assert.Equal(LeaseState.Active, lease.State);
    }

    [Fact]
    public void The_parameter_is_the_callers_and_the_message_has_the_property()
    {
        using DirectFile file = Create();
        AssertWrong("options", "MapOptions.Mode", () => file.Map(new MapOptions { Mode = (MapMode)9 }));
        AssertWrong("options", "MapOptions.Range", () => file.Map(new MapOptions { Range = default }));
        AssertWrong("options", "LeaseOptions.Mode", () => file.AcquireLease(new LeaseOptions { Mode = (LeaseMode)9 }));
        AssertWrong(
            "options", "DirectFileOptions.Backing", () => DirectFile.Open(file.Path, Options with { Backing = (FileBackingKind)9 }));
        using MappedRegion region = file.Map();
        AssertWrong("options", "RegionReaderOptions.BufferSize", () => region.CreateReader(options: new() { BufferSize = 0 }));
        AssertWrong("options", "RegionWriterOptions.BufferSize", () => region.CreateWriter(options: new() { BufferSize = 0 }));
    }

    [Fact]
    public void A_fault_cannot_reach_one_page_where_none_is_contained()
    {
        using DirectFile file = Create();
        MapOptions options = new() { FaultContainment = FaultContainment.Off, FaultReach = FaultReach.Page };

        ArgumentException wrong = Assert.Throws<ArgumentException>(() => file.Map(options));

        Assert.Equal("options", wrong.ParamName);
        Assert.Contains("MapOptions.FaultReach", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Direct_is_persistent_memory_only_whatever_the_policy_says()
    {
        using DirectFile file = Create();
        Assert.SkipUnless(file.Probe(MapOptions.Direct).Refusal is MapRefusedException, "the temp folder is on persistent memory");

        MapRefusedException refused = Assert.Throws<MapRefusedException>(
            () => file.Map(MapOptions.Direct with { FaultPolicy = FaultPolicies.Permissive }));

        Assert.Equal(RefusalReason.NotDaxCapable, refused.Reason);
        file.Map(MapOptions.DirectOrEmulated with { FaultPolicy = FaultPolicies.Permissive }).Dispose();
    }

    [Fact]
    public async Task Prepare_goes_to_the_end_of_the_file_and_says_what_is_beyond_it()
    {
        using DirectFile file = Create();
        file.SetLength(128 << 10);
        Assert.Equal(new FileRange(0, 128 << 10), file.Prepare().Range);
        Assert.Equal(new FileRange(64 << 10, 64 << 10), file.Prepare(new() { Range = FileRange.From(64 << 10) }).Range);
        Assert.Equal(
            new FileRange(64 << 10, 64 << 10),
            (await file.PrepareAsync(new() { Range = FileRange.From(64 << 10) }, TestContext.Current.CancellationToken)).Range);

        Assert.All<Action>(
            [
                () => file.Prepare(new() { Range = new FileRange(0, 1 << 20) }),
                () => { _ = file.PrepareAsync(new() { Range = new FileRange(0, 1 << 20) }); },
            ],
            call =>
            {
                ArgumentOutOfRangeException beyond = Assert.Throws<ArgumentOutOfRangeException>(call);
                Assert.Contains("[0, 1048576)", beyond.Message, StringComparison.Ordinal);
                Assert.Contains("131072 bytes: SetLength", beyond.Message, StringComparison.Ordinal);
            });
    }

    [Fact]
    public void A_lease_is_told_to_be_the_files_the_regions_and_the_held_leases_of_its_owner()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map();
        using ILayoutLease held = file.AcquireLease();
        using MappedRegion others = other.Map();
        LeaseInfo[] leases = [.. file.GetLeases()];

        Assert.All<object>([file, region, held, region.Lease!], mine =>
            Assert.Equal([true, true, false], leases.Select(lease => lease.IsOwnedBy(mine)).OrderDescending()));
        Assert.All<object>([other, others, others.Lease!], theirs =>
            Assert.Equal([true, false, false], leases.Select(lease => lease.IsOwnedBy(theirs)).OrderDescending()));
        Assert.DoesNotContain(leases, lease => lease.IsOwnedBy(new object()));
    }

    [Fact]
    public void What_was_never_made_is_not_said_to_have_reached_the_file_perhaps()
    {
        using DirectFile file = Create();
        MappedRegion region = file.Map();
        RegionScope scope = region.OpenScope(0, 8);
        region.Dispose();
        string completed = "";
        try
        {
            scope.Complete();
        }
        catch (ObjectDisposedException disposed)
        {
            completed = disposed.Message;
        }

        scope.Dispose();

        Assert.Contains("whether this Scope reached the file is not known", completed, StringComparison.Ordinal);
        Assert.All<Action>(
            [
                () => region.Read<int>(0), () => region.OpenScope(0, 8).Dispose(), () => region.CopyTo(0, new byte[8]),
                () => { _ = region.PersistAsync(0, 8); },
            ],
            call =>
            {
                ObjectDisposedException disposed = Assert.Throws<ObjectDisposedException>(call);
                Assert.Equal("DirectMap.MappedRegion", disposed.ObjectName);
                Assert.DoesNotContain("not known", disposed.Message, StringComparison.Ordinal);
            });
        Assert.Contains(
            "whether this Write reached the file is not known",
            Assert.Throws<ObjectDisposedException>(() => region.Write(0, 1)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_default_value_is_told_to_be_one_and_has_no_null()
    {
        Assert.All<Action>(
            [
                () => default(RegionAtomics).Add(0, 1), () => default(RegionAtomics).Exchange(0, 1),
                () => default(RegionAtomics).CompareExchange(0, 1, 1), () => default(RegionAtomics).And(0, 1),
                () => default(RegionAtomics).Or(0, 1), () => default(RegionAtomics).ReadAcquire<int>(0),
                () => default(RegionAtomics).WriteRelease(0, 1),
            ],
            call => Assert.Equal("DirectMap.RegionAtomics", Assert.Throws<ObjectDisposedException>(call).ObjectName));
        Assert.Equal("", default(Stated<DurabilityKind>).Reason);
        Assert.Equal("", default(FileFacts).FileSystem);
        Assert.Equal("why", new Stated<DurabilityKind>(default, "why").Reason);
    }

    [Fact]
    public void An_atomic_operation_that_there_is_not_says_for_which_sizes_there_is_one()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map();

        Assert.Equal(
            "RegionAtomics.Add is for integers of 4 or 8 bytes; System.Int16 has 2.",
            Assert.Throws<NotSupportedException>(() => region.Atomics.Add<short>(0, 1)).Message);
        Assert.Equal(
            "RegionAtomics.Exchange is for primitive types and enumerations of 1, 2, 4 or 8 bytes; System.Decimal has 16 and is none.",
            Assert.Throws<NotSupportedException>(() => region.Atomics.Exchange<decimal>(0, 1)).Message);
    }

    private static void AssertWrong(string parameter, string property, Action call)
    {
        ArgumentOutOfRangeException wrong = Assert.Throws<ArgumentOutOfRangeException>(call);
        Assert.Equal(parameter, wrong.ParamName);
        Assert.Contains(property, wrong.Message, StringComparison.Ordinal);
    }
}
