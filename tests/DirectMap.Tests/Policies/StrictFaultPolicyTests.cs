namespace DirectMap.Tests.Policies;

public sealed class StrictFaultPolicyTests
{
    [Theory]
    [InlineData(ExtentFlags.None, MappingAccess.ReadWrite, RefusalReason.None)]
    [InlineData(ExtentFlags.Merged, MappingAccess.ReadWrite, RefusalReason.None)]
    [InlineData(ExtentFlags.Hole, MappingAccess.ReadWrite, RefusalReason.Hole)]
    [InlineData(ExtentFlags.Unwritten, MappingAccess.ReadWrite, RefusalReason.UnwrittenExtent)]
    [InlineData(ExtentFlags.Shared, MappingAccess.ReadWrite, RefusalReason.SharedExtent)]
    [InlineData(ExtentFlags.DelayedAllocation | ExtentFlags.Unknown, MappingAccess.ReadWrite, RefusalReason.DelayedAllocation)]
    [InlineData(ExtentFlags.DataInline | ExtentFlags.NotAligned, MappingAccess.ReadWrite, RefusalReason.InlineData)]
    [InlineData(ExtentFlags.DataTail, MappingAccess.ReadWrite, RefusalReason.InlineData)]
    [InlineData(ExtentFlags.Encoded, MappingAccess.ReadWrite, RefusalReason.EncodedExtent)]
    [InlineData(ExtentFlags.DataEncrypted, MappingAccess.ReadWrite, RefusalReason.EncodedExtent)]
    [InlineData(ExtentFlags.Unknown, MappingAccess.ReadWrite, RefusalReason.UnknownExtent)]
    [InlineData((ExtentFlags)0x10000, MappingAccess.ReadWrite, RefusalReason.UnknownExtent)]
    [InlineData(ExtentFlags.Hole, MappingAccess.Read, RefusalReason.None)]
    [InlineData(ExtentFlags.Unwritten, MappingAccess.Read, RefusalReason.None)]
    [InlineData(ExtentFlags.Shared, MappingAccess.Read, RefusalReason.SharedExtent)]
    public void An_extent_is_judged_by_its_state_and_the_access(ExtentFlags flags, MappingAccess access, RefusalReason expected)
    {
        FileFacts backing = new("some fs", BlockMapStability.Stable, IsDax: false, LoadsAllocate: false, MapMode.DirectOrEmulated);

        Assert.Equal(expected, FaultPolicies.Strict.EvaluateExtent(backing, new Extent(0, 4096, 8192, flags), access).Reason);
    }

    [Fact]
    public void Where_a_load_from_a_hole_allocates_a_hole_is_refused_for_reading_too()
    {
        FileFacts backing = new("tmpfs", BlockMapStability.Stable, IsDax: false, LoadsAllocate: true, MapMode.DirectOrEmulated);

        Assert.Equal(
            RefusalReason.Hole,
            FaultPolicies.Strict.EvaluateExtent(backing, new Extent(0, 4096, -1, ExtentFlags.Hole), MappingAccess.Read).Reason);
    }

    [Theory]
    [InlineData(BlockMapStability.Stable, true, MapMode.Direct, RefusalReason.None)]
    [InlineData(BlockMapStability.Stable, false, MapMode.Direct, RefusalReason.NotDaxCapable)]
    [InlineData(BlockMapStability.Stable, false, MapMode.DirectOrEmulated, RefusalReason.None)]
    [InlineData(BlockMapStability.Stable, false, MapMode.FrozenLayout, RefusalReason.None)]
    [InlineData(BlockMapStability.Stable, false, MapMode.Ordinary, RefusalReason.None)]
    [InlineData(BlockMapStability.Unverified, false, MapMode.Ordinary, RefusalReason.None)]
    [InlineData(BlockMapStability.Moves, false, MapMode.Ordinary, RefusalReason.BlockMapMoves)]
    [InlineData(BlockMapStability.Unverified, false, MapMode.FrozenLayout, RefusalReason.BlockMapUnverified)]
    [InlineData(BlockMapStability.Unverified, true, MapMode.Direct, RefusalReason.BlockMapUnverified)]
    [InlineData(BlockMapStability.Unverified, false, MapMode.DirectOrEmulated, RefusalReason.None)]
    [InlineData(BlockMapStability.Moves, true, MapMode.Direct, RefusalReason.BlockMapMoves)]
    [InlineData(BlockMapStability.Moves, false, MapMode.DirectOrEmulated, RefusalReason.BlockMapMoves)]
    public void A_file_is_judged_by_its_file_system_DAX_and_what_is_asked_for(
        BlockMapStability stability, bool isDax, MapMode mode, RefusalReason expected) =>
        Assert.Equal(
            expected,
            FaultPolicies.Strict.EvaluateFile(new FileFacts("some fs", stability, isDax, LoadsAllocate: false, mode)).Reason);

    [Fact]
    public void A_refusal_needs_a_reason() =>
        Assert.Throws<ArgumentException>(() => PolicyDecision.Refuse(RefusalReason.None));
}
