using DirectMap.FileSystems;
using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Policies;

public sealed class FaultPoliciesTests
{
    private static readonly FileFacts s_disk = new(
        "some fs", BlockMapStability.Stable, IsDax: false, LoadsAllocate: false, MapMode.Direct);

    [Theory]
    [InlineData(BlockMapStability.Stable, true, false, RefusalReason.None)]
    [InlineData(BlockMapStability.Stable, false, false, RefusalReason.None)]
    [InlineData(BlockMapStability.Stable, false, true, RefusalReason.None)]
    [InlineData(BlockMapStability.Unverified, true, false, RefusalReason.BlockMapUnverified)]
    [InlineData(BlockMapStability.Unverified, false, true, RefusalReason.None)]
    [InlineData(BlockMapStability.Moves, true, false, RefusalReason.BlockMapMoves)]
    [InlineData(BlockMapStability.Moves, false, true, RefusalReason.BlockMapMoves)]
    public void A_frozen_layout_needs_blocks_that_stay_but_no_persistent_memory(
        BlockMapStability stability, bool isDax, bool emulation, RefusalReason expected) =>
        Assert.Equal(expected, FaultPolicies.FrozenLayout.EvaluateFile(
            s_disk with { Stability = stability, IsDax = isDax, Mode = emulation ? MapMode.DirectOrEmulated : MapMode.Direct }).Reason);

    [Fact]
    public void A_frozen_layout_judges_extents_as_the_strict_policy_does() =>
        Assert.All(SingleFlags(), flags => Assert.All(Enum.GetValues<MappingAccess>(), access =>
            Assert.Equal(
                FaultPolicies.Strict.EvaluateExtent(s_disk, Of(flags), access),
                FaultPolicies.FrozenLayout.EvaluateExtent(s_disk, Of(flags), access))));

    [Fact]
    public void The_permissive_policy_refuses_nothing()
    {
        FileFacts worst = new("btrfs", BlockMapStability.Moves, IsDax: false, LoadsAllocate: true, MapMode.Direct)
        {
            Access = MappingAccess.ReadWrite,
            Attributes = InodeAttributes.Encrypted | InodeAttributes.Compressed
        };

        Assert.True(FaultPolicies.Permissive.EvaluateFile(worst).IsAllowed);
        Assert.All(
            SingleFlags(),
            flags => Assert.True(FaultPolicies.Permissive.EvaluateExtent(worst, Of(flags), MappingAccess.ReadWrite).IsAllowed));
    }

    [Theory]
    [InlineData(InodeAttributes.Encrypted, MappingAccess.ReadWrite, RefusalReason.EncodedExtent)]
    [InlineData(InodeAttributes.Compressed, MappingAccess.ReadWrite, RefusalReason.EncodedExtent)]
    [InlineData(InodeAttributes.Encrypted | InodeAttributes.Compressed, MappingAccess.Read, RefusalReason.None)]
    [InlineData(
        InodeAttributes.Immutable | InodeAttributes.AppendOnly | InodeAttributes.Verity | InodeAttributes.NoCopyOnWrite,
        MappingAccess.ReadWrite,
        RefusalReason.None)]
    public void A_file_that_is_encoded_as_a_whole_is_refused_for_writing(
        InodeAttributes attributes, MappingAccess access, RefusalReason expected)
    {
        FileFacts file = s_disk with { Attributes = attributes, Access = access };

        Assert.Equal(expected, FaultPolicies.FrozenLayout.EvaluateFile(file).Reason);
        Assert.Equal(expected, FaultPolicies.Strict.EvaluateFile(file with { Mode = MapMode.DirectOrEmulated }).Reason);
    }

    [Fact]
    public void A_refusal_for_the_sake_of_the_file_system_says_what_to_do()
    {
        PolicyDecision moves = FaultPolicies.Strict.EvaluateFile(
            s_disk with { Stability = BlockMapStability.Moves, Remedy = "stand on one leg" });
        PolicyDecision unverified = FaultPolicies.Strict.EvaluateFile(
            s_disk with { Stability = BlockMapStability.Unverified, Remedy = "stand on one leg" });

        Assert.EndsWith(": stand on one leg", moves.Detail, StringComparison.Ordinal);
        Assert.EndsWith(": stand on one leg", unverified.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void All_refuses_what_any_of_them_refuses_and_the_first_one_gives_the_reason()
    {
        IFaultPolicy sundays = Refusing("not on Sundays");
        IFaultPolicy mondays = Refusing("not on Mondays");

        Assert.Equal("not on Sundays", FaultPolicies.All(FaultPolicies.Permissive, sundays, mondays).EvaluateFile(s_disk).Detail);
        Assert.Equal(
            "not on Mondays", FaultPolicies.All(mondays, sundays).EvaluateExtent(s_disk, Of(ExtentFlags.None), MappingAccess.Read).Detail);
        Assert.Equal(RefusalReason.Hole, FaultPolicies.All(FaultPolicies.Permissive, FaultPolicies.Strict)
            .EvaluateExtent(s_disk, Of(ExtentFlags.Hole), MappingAccess.ReadWrite).Reason);
        Assert.True(FaultPolicies.All(FaultPolicies.Permissive, FaultPolicies.FrozenLayout).EvaluateFile(s_disk).IsAllowed);
        Assert.True(FaultPolicies.All(FaultPolicies.Permissive, FaultPolicies.Strict)
            .EvaluateExtent(s_disk, Of(ExtentFlags.None), MappingAccess.ReadWrite).IsAllowed);
    }

    [Fact]
    public void What_a_list_of_policies_is_later_does_not_matter()
    {
        IFaultPolicy[] policies = [FaultPolicies.Strict];
        RefusalReason[] reasons = [RefusalReason.Hole];
        IFaultPolicy all = FaultPolicies.All(policies);
        IFaultPolicy except = FaultPolicies.Except(FaultPolicies.Strict, reasons);

        policies[0] = FaultPolicies.Permissive;
        reasons[0] = RefusalReason.SharedExtent;

        Assert.Equal(RefusalReason.Hole, all.EvaluateExtent(s_disk, Of(ExtentFlags.Hole), MappingAccess.ReadWrite).Reason);
        Assert.True(except.EvaluateExtent(s_disk, Of(ExtentFlags.Hole), MappingAccess.ReadWrite).IsAllowed);
    }

    [Fact]
    public void Policies_and_reasons_that_are_missing_are_bad_arguments()
    {
        Assert.Throws<ArgumentException>(() => FaultPolicies.All());
        Assert.Throws<ArgumentNullException>(() => FaultPolicies.All(null!));
        Assert.Throws<ArgumentNullException>(() => FaultPolicies.All(FaultPolicies.Strict, null!));
        Assert.Throws<ArgumentException>(() => FaultPolicies.Except(FaultPolicies.Strict));
        Assert.Throws<ArgumentException>(() => FaultPolicies.Except(FaultPolicies.Strict, RefusalReason.Hole, RefusalReason.None));
        Assert.Throws<ArgumentNullException>(() => FaultPolicies.Except(null!, RefusalReason.Hole));
        Assert.Throws<ArgumentNullException>(() => FaultPolicies.Except(FaultPolicies.Strict, null!));
    }

    /// <summary>With the flags that the kernel sets together.</summary>
    [Theory]
    [InlineData(RefusalReason.Hole, ExtentFlags.Hole)]
    [InlineData(RefusalReason.UnwrittenExtent, ExtentFlags.Unwritten)]
    [InlineData(RefusalReason.SharedExtent, ExtentFlags.Shared)]
    [InlineData(RefusalReason.DelayedAllocation, ExtentFlags.DelayedAllocation)]
    [InlineData(RefusalReason.DelayedAllocation, ExtentFlags.DelayedAllocation | ExtentFlags.Unknown)]
    [InlineData(RefusalReason.InlineData, ExtentFlags.DataInline | ExtentFlags.NotAligned)]
    [InlineData(RefusalReason.InlineData, ExtentFlags.DataTail | ExtentFlags.NotAligned)]
    [InlineData(RefusalReason.EncodedExtent, ExtentFlags.Encoded)]
    [InlineData(RefusalReason.EncodedExtent, ExtentFlags.DataEncrypted | ExtentFlags.Encoded)]
    [InlineData(RefusalReason.BadBlock, ExtentFlags.BadBlock)]
    [InlineData(RefusalReason.UnknownExtent, (ExtentFlags)0x8_0000)]
    [InlineData(RefusalReason.UnknownExtent, ExtentFlags.Unknown)]
    public void What_is_excepted_is_allowed_and_nothing_else(RefusalReason excepted, ExtentFlags flags)
    {
        IFaultPolicy except = FaultPolicies.Except(FaultPolicies.Strict, excepted);

        Assert.Equal(excepted, FaultPolicies.Strict.EvaluateExtent(s_disk, Of(flags), MappingAccess.ReadWrite).Reason);
        Assert.True(except.EvaluateExtent(s_disk, Of(flags), MappingAccess.ReadWrite).IsAllowed);
        Assert.All(SingleFlags(), other =>
        {
            RefusalReason reason = FaultPolicies.Strict.EvaluateExtent(s_disk, Of(other), MappingAccess.ReadWrite).Reason;
            Assert.Equal(
                reason == excepted ? RefusalReason.None : reason, except.EvaluateExtent(s_disk, Of(other), MappingAccess.ReadWrite).Reason);
        });
    }

    [Theory]
    [InlineData(ExtentFlags.Shared | ExtentFlags.Unwritten, RefusalReason.SharedExtent, RefusalReason.UnwrittenExtent)]
    [InlineData(ExtentFlags.Shared | ExtentFlags.Unwritten, RefusalReason.UnwrittenExtent, RefusalReason.SharedExtent)]
    [InlineData(ExtentFlags.Shared | ExtentFlags.Encoded, RefusalReason.SharedExtent, RefusalReason.EncodedExtent)]
    [InlineData(ExtentFlags.BadBlock | ExtentFlags.Shared, RefusalReason.BadBlock, RefusalReason.SharedExtent)]
    [InlineData(
        ExtentFlags.DataInline | ExtentFlags.NotAligned | ExtentFlags.Encoded, RefusalReason.InlineData, RefusalReason.EncodedExtent)]
    [InlineData(
        ExtentFlags.DelayedAllocation | ExtentFlags.Unknown | ExtentFlags.Encoded,
        RefusalReason.DelayedAllocation,
        RefusalReason.EncodedExtent)]
    [InlineData(ExtentFlags.Unwritten | (ExtentFlags)0x8_0000, RefusalReason.UnwrittenExtent, RefusalReason.UnknownExtent)]
    public void Of_two_flaws_the_other_one_is_still_refused_and_nothing_when_both_are_excepted(
        ExtentFlags flags, RefusalReason excepted, RefusalReason other)
    {
        Assert.Equal(
            other, FaultPolicies.Except(FaultPolicies.Strict, excepted).EvaluateExtent(s_disk, Of(flags), MappingAccess.ReadWrite).Reason);
        Assert.True(FaultPolicies.Except(FaultPolicies.Strict, excepted, other)
            .EvaluateExtent(s_disk, Of(flags), MappingAccess.ReadWrite).IsAllowed);
        Assert.True(FaultPolicies.Except(FaultPolicies.Except(FaultPolicies.Strict, excepted), other)
            .EvaluateExtent(s_disk, Of(flags), MappingAccess.ReadWrite).IsAllowed);
    }

    [Theory]
    [InlineData(BlockMapStability.Moves, RefusalReason.BlockMapMoves, RefusalReason.EncodedExtent)]
    [InlineData(BlockMapStability.Unverified, RefusalReason.BlockMapUnverified, RefusalReason.EncodedExtent)]
    [InlineData(BlockMapStability.Unverified, RefusalReason.EncodedExtent, RefusalReason.BlockMapUnverified)]
    [InlineData(BlockMapStability.Moves, RefusalReason.NotDaxCapable, RefusalReason.BlockMapMoves)]
    public void A_file_with_two_flaws_is_refused_for_the_other_one(BlockMapStability stability, RefusalReason excepted, RefusalReason other)
    {
        FileFacts file = s_disk with
        {
            Stability = stability,
            Access = MappingAccess.ReadWrite,
            Attributes = InodeAttributes.Compressed
        };

        Assert.Equal(other, FaultPolicies.Except(FaultPolicies.Strict, excepted).EvaluateFile(file).Reason);
    }

    [Fact]
    public void What_is_neither_DAX_nor_vouched_for_is_refused_until_both_are_excepted()
    {
        FileFacts overlay = s_disk with { Stability = BlockMapStability.Unverified };

        Assert.Equal(
            RefusalReason.NotDaxCapable,
            FaultPolicies.Except(FaultPolicies.Strict, RefusalReason.BlockMapUnverified).EvaluateFile(overlay).Reason);
        Assert.True(FaultPolicies.Except(FaultPolicies.Strict, RefusalReason.BlockMapUnverified, RefusalReason.NotDaxCapable)
            .EvaluateFile(overlay).IsAllowed);
    }

    [Fact]
    public void An_exception_from_one_policy_of_several_leaves_the_others_in_force()
    {
        IFaultPolicy policy = FaultPolicies.Except(
            FaultPolicies.All(Refusing("not on Sundays"), FaultPolicies.Strict), RefusalReason.Custom);

        Assert.Equal(RefusalReason.NotDaxCapable, policy.EvaluateFile(s_disk).Reason);
        Assert.Equal(RefusalReason.SharedExtent, policy.EvaluateExtent(s_disk, Of(ExtentFlags.Shared), MappingAccess.Read).Reason);
        Assert.True(policy.EvaluateExtent(s_disk, Of(ExtentFlags.None), MappingAccess.Read).IsAllowed);
    }

    [Fact]
    public void The_exception_is_not_made_for_what_the_policy_does_not_say()
    {
        IFaultPolicy policy = FaultPolicies.Except(Refusing("not on Sundays"), RefusalReason.Hole);

        Assert.Equal(RefusalReason.Custom, policy.EvaluateExtent(s_disk, Of(ExtentFlags.Hole), MappingAccess.ReadWrite).Reason);
    }

    private static IFaultPolicy Refusing(string detail)
    {
        Mock<IFaultPolicy> policy = new();
        policy.Setup(p => p.EvaluateFile(in It.Ref<FileFacts>.IsAny)).Returns(PolicyDecision.Refuse(RefusalReason.Custom, detail));
        policy.Setup(p => p.EvaluateExtent(in It.Ref<FileFacts>.IsAny, in It.Ref<Extent>.IsAny, It.IsAny<MappingAccess>()))
            .Returns(PolicyDecision.Refuse(RefusalReason.Custom, detail));
        return policy.Object;
    }

    private static Extent Of(ExtentFlags flags) => new(0, 4096, 8192, flags);

    /// <summary>Each flag alone, those too that have no name.</summary>
    private static IEnumerable<ExtentFlags> SingleFlags() =>
        Enumerable.Range(1, 30).Select(bit => (ExtentFlags)(1 << bit)).Prepend(ExtentFlags.None);

    /// <summary>The example of docs/layout.md.</summary>
    private sealed class SmallOnly : IFaultPolicy
    {
        public PolicyDecision EvaluateFile(in FileFacts file) => PolicyDecision.Allow;

        public PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access) =>
            extent.Length <= 1 << 20 ? PolicyDecision.Allow : PolicyDecision.Refuse(RefusalReason.Custom, "no extent over 1 MiB");
    }

    [Fact]
    public void A_policy_of_the_users_own_and_an_emulated_block_map_work_as_the_docs_show()
    {
        using Infrastructure.TestDirectory directory = new();
        EmulatedBlockMap map = new(2 << 20);
        DirectFileOptions options = new() { FaultPolicy = FaultPolicies.All(FaultPolicies.Strict, new SmallOnly()), BlockMap = map };
        using DirectFile file = DirectFile.Create(directory.File(), 2 << 20, options);

        Assert.Equal(RefusalReason.Custom, Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated)).Reason);
        Assert.Equal(
            RefusalReason.Custom,
            Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated)).Reason);
        map.Set(new FileRange(0, 4096), ExtentFlags.Unwritten);
        Assert.Equal(RefusalReason.UnwrittenExtent, Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated)).Reason);
        map.Set(new FileRange(0, 2 << 20), ExtentFlags.None);
        map.Set(new FileRange(1 << 20, 4096), ExtentFlags.Merged);
        file.Map(MapOptions.DirectOrEmulated).Dispose();
    }
}
