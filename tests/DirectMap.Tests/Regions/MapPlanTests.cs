using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Regions;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

/// <summary>What is planned of a mapping, and refused, before there is one: no file is needed for that.</summary>
public sealed class MapPlanTests
{
    private const long LastByte = long.MaxValue;

    private static readonly Stated<DurabilityKind> s_durability = new(DurabilityKind.PageCache, "a test says so");
    private static readonly Stated<ContainmentKind> s_handler = new(ContainmentKind.Handler, "a test says so");
    private static readonly EffectiveGranularity s_page = new(PersistGranularity.Page, "pages in a test");

    private static long Page => Environment.SystemPageSize;

    [Theory]
    [InlineData(0, null, 10_000, 0, 10_000)]
    [InlineData(1, null, 10_000, 1, 10_000)]
    [InlineData(0, 1L, 10_000, 0, 1)]
    [InlineData(0, 10_000L, 10_000, 0, 10_000)]
    [InlineData(1, 5_000L, 10_000, 1, 5_000)]
    public void A_plan_has_the_bytes_that_are_asked_for_or_those_up_to_the_end(
        long page, long? length, long size, long firstPage, long endOrLength)
    {
        MapPlan plan = Plan(MapOptions.DirectOrEmulated with { Range = Ranges.Of(page * Page, length) }, size);

        long end = length is null ? endOrLength : (firstPage * Page) + endOrLength;
        Assert.Equal((firstPage * Page, end), (plan.Range.Offset, plan.Range.End));
    }

    [Theory]
    [InlineData(0, null, 0)]
    [InlineData(0, 1L, 0)]
    [InlineData(1, null, 10)]
    [InlineData(0, 11L, 10)]
    [InlineData(0, LastByte - 1, LastByte - 2)]
    public void What_is_empty_or_reaches_beyond_the_end_is_refused_with_the_file_s_length(long page, long? length, long size)
    {
        MapRefusedException refused = Assert.Throws<MapRefusedException>(() =>
            Plan(MapOptions.DirectOrEmulated with { Range = Ranges.Of(page * Page, length) }, size));

        Assert.Equal(RefusalReason.BeyondEndOfFile, refused.Reason);
        Assert.StartsWith(size == 0 ? "the file is empty: " : $"the file has {size} bytes", refused.Detail, StringComparison.Ordinal);
        Assert.Equal("/plan", refused.Path);
    }

    [Fact]
    public void A_file_of_as_many_bytes_as_there_can_be_is_planned_as_a_whole_and_by_its_last_page()
    {
        long lastPage = LastByte / Page * Page;

        MapPlan whole = Plan(MapOptions.DirectOrEmulated, LastByte);
        MapPlan last = Plan(
            MapOptions.DirectOrEmulated with
            {
                Range =
                FileRange.From(lastPage),
                LeaseCoverage = LeaseCoverage.MappedRange
            }, LastByte, unit: 32 * Page);

        Assert.Equal((0, LastByte), (whole.Range.Offset, whole.Range.End));
        Assert.Equal((lastPage, LastByte), (last.Range.Offset, last.Range.End));
        Assert.Equal((lastPage / (32 * Page) * 32 * Page, LastByte), (last.LeaseRange.Offset, last.LeaseRange.End));
    }

    [Fact]
    public void An_empty_range_is_none_to_map() =>
        Assert.Equal(
            "options",
            Assert.Throws<ArgumentOutOfRangeException>(() => MapPlan.ThrowIfInvalid(new MapOptions { Range = default })).ParamName);

    [Fact]
    public void A_range_that_ends_with_the_last_byte_there_can_be_is_up_to_the_end_of_the_file()
    {
        MapOptions last = new() { Range = new FileRange(Page, LastByte - Page) };

        Assert.Equal(new FileRange(Page, Page), Plan(last, 2 * Page).Range);
        Assert.Throws<MapRefusedException>(() => Plan(last with { Range = new FileRange(Page, LastByte - Page - 1) }, 2 * Page));
    }

    [Fact]
    public void An_offset_within_a_page_is_none_to_map_from()
    {
        ArgumentException wrong = Assert.Throws<ArgumentException>(
            () => MapPlan.ThrowIfInvalid(new MapOptions { Range = FileRange.From(Page + 1) }));

        Assert.Contains($"{Page + 1} is not a multiple of {Page}", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(MapOptions.LeaseMode))]
    [InlineData(nameof(MapOptions.LeaseCoverage))]
    [InlineData(nameof(MapOptions.WhenUnavailable))]
    [InlineData(nameof(MapOptions.OnBreak))]
    public void An_ordinary_mapping_that_asks_for_what_only_a_lease_has_is_told_which_option_that_is(string option)
    {
        MapOptions asking = option switch
        {
            nameof(MapOptions.LeaseMode) => MapOptions.Ordinary with { LeaseMode = LeaseMode.Exclusive },
            nameof(MapOptions.LeaseCoverage) => MapOptions.Ordinary with { LeaseCoverage = LeaseCoverage.MappedRange },
            nameof(MapOptions.WhenUnavailable) => MapOptions.Ordinary with { WhenUnavailable = WhenUnavailable.Wait },
            _ => MapOptions.Ordinary with { OnBreak = (_, _) => { } },
        };

        MapPlan.ThrowIfInvalid(asking with { Mode = MapMode.Direct });
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => MapPlan.ThrowIfInvalid(asking));
        Assert.StartsWith($"MapOptions.{option} ", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_no_enumeration_has_is_named()
    {
        (string Name, MapOptions Options)[] wrong =
        [
            (nameof(MapOptions.Mode), new MapOptions { Mode = (MapMode)7 }),
            (nameof(MapOptions.Access), new MapOptions { Access = (MappingAccess)7 }),
            (nameof(MapOptions.WhenUnavailable), new MapOptions { WhenUnavailable = (WhenUnavailable)7 }),
            (nameof(MapOptions.LeaseMode), new MapOptions { LeaseMode = (LeaseMode)7 }),
            (nameof(MapOptions.LeaseCoverage), new MapOptions { LeaseCoverage = (LeaseCoverage)7 }),
            (nameof(MapOptions.PolicyCheck), new MapOptions { PolicyCheck = (PolicyCheck)7 }),
            (nameof(MapOptions.FaultContainment), new MapOptions { FaultContainment = (FaultContainment)7 }),
            (nameof(MapOptions.FaultReach), new MapOptions { FaultReach = (FaultReach)7 }),
            (nameof(MapOptions.RequiredGranularity), new MapOptions { RequiredGranularity = (PersistGranularity)7 }),
            (nameof(MapOptions.EmulatedGranularity), new MapOptions { EmulatedGranularity = (PersistGranularity)7 }),
        ];

        Assert.All(wrong, one =>
        {
            ArgumentOutOfRangeException refused =
                Assert.Throws<ArgumentOutOfRangeException>(() => MapPlan.ThrowIfInvalid(one.Options));
            Assert.Equal("options", refused.ParamName);
            Assert.StartsWith($"MapOptions.{one.Name} is not a value of its enumeration.", refused.Message, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(FileAccess.Read, MappingAccess.Read)]
    [InlineData(FileAccess.ReadWrite, MappingAccess.ReadWrite)]
    public void A_mapping_does_what_the_file_was_opened_for_unless_it_says_otherwise(FileAccess opened, MappingAccess expected)
    {
        MapPlan plan = MapPlan.Of(MapOptions.DirectOrEmulated, Target(10) with { OpenedFor = opened });
        MapPlan reading = MapPlan.Of(
            MapOptions.DirectOrEmulated with { Access = MappingAccess.Read }, Target(10) with { OpenedFor = opened });

        Assert.Equal((expected, MappingAccess.Read), (plan.Access, reading.Access));
    }

    [Fact]
    public void A_file_that_was_opened_for_reading_is_not_mapped_for_writing()
    {
        UnauthorizedAccessException refused = Assert.Throws<UnauthorizedAccessException>(() => MapPlan.Of(
            MapOptions.DirectOrEmulated with { Access = MappingAccess.ReadWrite }, Target(10) with { OpenedFor = FileAccess.Read }));

        Assert.Equal(Errno.EACCES, refused.HResult);
    }

    [Theory]
    [InlineData((ulong)Statx.StatxAttributes.STATX_ATTR_IMMUTABLE)]
    [InlineData((ulong)Statx.StatxAttributes.STATX_ATTR_APPEND)]
    [InlineData((ulong)Statx.StatxAttributes.STATX_ATTR_VERITY)]
    public void What_cannot_be_changed_is_mapped_for_reading_only(ulong attribute)
    {
        MapTarget target = Target(10, attributes: (Statx.StatxAttributes)attribute);

        Assert.Equal(
            Errno.EPERM, Assert.Throws<UnauthorizedAccessException>(() => MapPlan.Of(MapOptions.DirectOrEmulated, target)).HResult);
        Assert.Equal(
            MappingAccess.Read, MapPlan.Of(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read }, target).Access);
    }

    [Fact]
    public void A_mapping_s_own_policy_judges_and_else_the_file_s_but_of_an_ordinary_one_only_its_own()
    {
        Policy own = new("own");
        MapTarget target = Target(10) with { Judge = new ExtentJudge(new Policy("the file's"), null) };

        Assert.Equal("the file's", Refused(MapOptions.Direct, target).Detail);
        Assert.Equal("own", Refused(MapOptions.Direct with { FaultPolicy = own }, target).Detail);
        Assert.Equal("own", Refused(MapOptions.Ordinary with { FaultPolicy = own }, target).Detail);
        Assert.True(MapPlan.Of(MapOptions.Ordinary, target).IsPermissive);
    }

    [Fact]
    public void A_policy_sees_what_is_known_of_the_file_and_what_is_to_be_done_with_it()
    {
        Policy policy = new(null);
        MapTarget target = new(
            "/plan",
            FileAccess.ReadWrite,
            Status(10, Statx.StatxAttributes.STATX_ATTR_DAX | Statx.StatxAttributes.STATX_ATTR_COMPRESSED),
            new FileSystem("testfs", BlockMapStability.Moves, IsVolatile: true, IsNoCopyOnWrite: true, Remedy: "another file system"),
            default,
            new ExtentJudge(policy, null));

        _ = MapPlan.Of(MapOptions.FrozenLayout with { Access = MappingAccess.Read }, target);

        FileFacts expected = new("testfs", BlockMapStability.Moves, IsDax: true, LoadsAllocate: true, MapMode.FrozenLayout)
        {
            Access = MappingAccess.Read,
            Attributes = (InodeAttributes)Statx.StatxAttributes.STATX_ATTR_COMPRESSED | InodeAttributes.NoCopyOnWrite,
            Remedy = "another file system",
        };
        Assert.Equal([expected], policy.Seen);
    }

    [Fact]
    public void The_end_of_the_file_is_looked_at_last()
    {
        MapTarget target = Target(0) with { Judge = new ExtentJudge(new Policy("refused"), null) };

        Assert.Equal("refused", Refused(MapOptions.Direct, target).Detail);
        Assert.Equal(RefusalReason.BeyondEndOfFile, Refused(MapOptions.Ordinary, target).Reason);
    }

    [Fact]
    public void Only_a_plan_up_to_the_end_is_outdated_by_another_length()
    {
        MapPlan toTheEnd = Plan(MapOptions.DirectOrEmulated with { Range = FileRange.From(Page) }, 2 * Page);
        MapPlan fixedLength = Plan(MapOptions.DirectOrEmulated with { Range = new FileRange(Page, Page) }, 2 * Page);

        Assert.Equal(
            (false, true, true, true),
            (toTheEnd.IsOutdated(2 * Page), toTheEnd.IsOutdated((2 * Page) + 1), toTheEnd.IsOutdated(0), toTheEnd.IsOutdated(LastByte)));
        Assert.False(fixedLength.IsOutdated(0));
    }

    [Fact]
    public void A_lease_is_on_the_whole_file_or_on_what_the_file_system_changes_together_with_what_is_mapped()
    {
        MapOptions part = MapOptions.DirectOrEmulated with { Range = new FileRange(5 * Page, 1) };

        Assert.Equal(FileRange.Whole, Plan(part, 64 * Page).LeaseRange);
        Assert.Equal(
            new FileRange(4 * Page, 4 * Page),
            Plan(part with { LeaseCoverage = LeaseCoverage.MappedRange }, 64 * Page, unit: 4 * Page).LeaseRange);
    }

    [Fact]
    public void A_lower_layer_s_file_is_not_mapped_directly_for_who_opened_it_for_reading()
    {
        MapTarget target = Target(10) with { FileSystem = new FileSystem("overlay", BlockMapStability.Stable, ReadersMayGoStale: true) };
        MapTarget reading = target with { OpenedFor = FileAccess.Read };

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => Promise(MapPlan.Of(MapOptions.DirectOrEmulated, reading)));
        Assert.Equal(RefusalReason.BlockMapUnverified, refused.Reason);
        _ = Promise(MapPlan.Of(MapOptions.DirectOrEmulated, target));
        _ = Promise(MapPlan.Of(MapOptions.Ordinary, reading));
    }

    [Theory]
    [InlineData(FaultContainment.Required, ContainmentKind.Copies, true)]
    [InlineData(FaultContainment.Required, ContainmentKind.None, true)]
    [InlineData(FaultContainment.Required, ContainmentKind.Handler, false)]
    [InlineData(FaultContainment.Auto, ContainmentKind.None, false)]
    public void Faults_that_have_to_be_contained_are_so_only_by_the_handler(
        FaultContainment wanted, ContainmentKind offered, bool isRefused)
    {
        MapPlan plan = Plan(MapOptions.DirectOrEmulated with { FaultContainment = wanted }, 10);
        Stated<ContainmentKind> containment = new(offered, "as it is offered");

        Exception? exception = Record.Exception(
            () => plan.Promise(isWaived: false, GuardOptions.Default, containment, s_page, s_durability));

        Assert.Equal(isRefused, exception is MapRefusedException { Reason: RefusalReason.FaultsNotContained, Detail: "as it is offered" });
        Assert.Equal(isRefused, exception is not null);
    }

    [Theory]
    [InlineData(null, null, PersistGranularity.Page, null)]
    [InlineData(PersistGranularity.Page, null, PersistGranularity.Page, null)]
    [InlineData(PersistGranularity.CacheLine, null, PersistGranularity.Byte, null)]
    [InlineData(PersistGranularity.CacheLine, null, PersistGranularity.Page, "CacheLine is required, and there is Page: why")]
    [InlineData(PersistGranularity.Byte, null, PersistGranularity.CacheLine, "Byte is required, and there is CacheLine: why")]
    [InlineData(null, PersistGranularity.Byte, PersistGranularity.Page, "Byte cannot be emulated here: why")]
    [InlineData(PersistGranularity.Byte, PersistGranularity.CacheLine, PersistGranularity.CacheLine,
        "Byte is required, and there is CacheLine: why")]
    public void A_granularity_that_is_coarser_than_what_is_asked_for_is_refused_in_words(
        PersistGranularity? required, PersistGranularity? emulated, PersistGranularity offered, string? detail)
    {
        MapPlan plan = Plan(
            MapOptions.DirectOrEmulated with { RequiredGranularity = required, EmulatedGranularity = emulated }, 10);

        MapRefusedException? refused = (MapRefusedException?)Record.Exception(
            () => plan.Promise(isWaived: false, GuardOptions.Default, s_handler, new EffectiveGranularity(offered, "why"), s_durability));

        Assert.Equal(detail, refused?.Detail);
        Assert.Equal(detail is null ? null : RefusalReason.GranularityUnavailable, refused?.Reason);
    }

    [Fact]
    public void On_DAX_only_the_mapping_tells_the_granularity_unless_it_is_emulated()
    {
        MapTarget dax = Target(10, attributes: Statx.StatxAttributes.STATX_ATTR_DAX);
        MapOptions lines = MapOptions.Direct with { RequiredGranularity = PersistGranularity.CacheLine };
        MapPlan plan = MapPlan.Of(lines, dax);

        RegionFacts facts = Promise(plan);
        Assert.True(plan.WantsSync);
        Assert.Throws<MapRefusedException>(() => plan.PromiseMapped(facts, s_page, s_durability));
        Stated<DurabilityKind> memory = new(DurabilityKind.PersistentMemory, "it is");
        RegionFacts mapped = plan.PromiseMapped(facts, new EffectiveGranularity(PersistGranularity.CacheLine, "lines"), memory);
        Assert.Equal(
            (new Stated<PersistGranularity>(PersistGranularity.CacheLine, "lines"), memory), (mapped.Granularity, mapped.Durability));
        Assert.False(MapPlan.Of(lines with { EmulatedGranularity = PersistGranularity.Page }, dax).WantsSync);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(PersistGranularity.Page, false)]
    [InlineData(PersistGranularity.CacheLine, true)]
    [InlineData(PersistGranularity.Byte, true)]
    public void Nothing_is_written_to_the_device_where_persistent_memory_is_emulated(PersistGranularity? emulated, bool isEmulated)
    {
        Stated<DurabilityKind>? durability =
            Plan(MapOptions.DirectOrEmulated with { EmulatedGranularity = emulated }, 10).EmulatedDurability;

        Assert.Equal(isEmulated ? DurabilityKind.Emulated : null, durability?.Value);
    }

    [Fact]
    public void What_was_known_is_promised_as_it_is()
    {
        MapPlan plan = Plan(MapOptions.DirectOrEmulated with { FaultReach = FaultReach.Page }, 10);

        Assert.Equal(
            new RegionFacts(
                "/plan",
                new FileRange(0, 10),
                MappingAccess.ReadWrite,
                new LeaseFacts(MapMode.DirectOrEmulated, IsWaived: false, TimeSpan.FromSeconds(5), GuardOptions.Default),
                new StorageFacts(Seen(MapOptions.DirectOrEmulated, Target(10)), s_durability, s_page, default),
                new FaultFacts(FaultReach.Page, s_handler)),
            Promise(plan));
    }

    /// <summary>What a policy gets to see.</summary>
    private static FileFacts Seen(MapOptions options, MapTarget target)
    {
        Policy policy = new(null);
        _ = MapPlan.Of(options with { FaultPolicy = policy }, target);
        return Assert.Single(policy.Seen);
    }

    private static RegionFacts Promise(MapPlan plan) =>
        plan.Promise(isWaived: false, GuardOptions.Default, s_handler, s_page, s_durability);

    private static MapRefusedException Refused(MapOptions options, MapTarget target) =>
        Assert.Throws<MapRefusedException>(() => MapPlan.Of(options, target));

    private static MapPlan Plan(MapOptions options, long size, long unit = 0) => MapPlan.Of(options, Target(size, unit));

    private static MapTarget Target(long size, long unit = 0, Statx.StatxAttributes attributes = 0) => new(
        "/plan",
        FileAccess.ReadWrite,
        Status(size, attributes),
        new FileSystem("testfs", BlockMapStability.Stable, LayoutUnit: unit),
        default,
        new ExtentJudge(FaultPolicies.Strict, null));

    private static Statx.FileStatus Status(long size, Statx.StatxAttributes attributes) => new(default, size, 0, 0, attributes, 0);

    /// <summary>Refuses each file in the same words, or none, and remembers what it saw.</summary>
    private sealed class Policy(string? refusal) : IFaultPolicy
    {
        internal List<FileFacts> Seen { get; } = [];

        public PolicyDecision EvaluateFile(in FileFacts file)
        {
            Seen.Add(file);
            return refusal is null ? PolicyDecision.Allow : PolicyDecision.Refuse(RefusalReason.EncodedExtent, refusal);
        }

        public PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access) => PolicyDecision.Allow;
    }
}
