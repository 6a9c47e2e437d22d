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
        FileFacts backing = new("some fs", BlockMapStability.Stable, IsDax: false, LoadsAllocate: false, EmulationAllowed: true);

        Assert.Equal(expected, FaultPolicies.Strict.EvaluateExtent(backing, new Extent(0, 4096, 8192, flags), access).Reason);
    }

    [Fact]
    public void Where_a_load_from_a_hole_allocates_a_hole_is_refused_for_reading_too()
    {
        FileFacts backing = new("tmpfs", BlockMapStability.Stable, IsDax: false, LoadsAllocate: true, EmulationAllowed: true);

        Assert.Equal(
            RefusalReason.Hole,
            FaultPolicies.Strict.EvaluateExtent(backing, new Extent(0, 4096, -1, ExtentFlags.Hole), MappingAccess.Read).Reason);
    }

    [Theory]
    [InlineData(BlockMapStability.Stable, true, false, RefusalReason.None)]
    [InlineData(BlockMapStability.Stable, false, false, RefusalReason.NotDaxCapable)]
    [InlineData(BlockMapStability.Stable, false, true, RefusalReason.None)]
    [InlineData(BlockMapStability.Unverified, true, false, RefusalReason.BlockMapUnverified)]
    [InlineData(BlockMapStability.Unverified, false, true, RefusalReason.None)]
    [InlineData(BlockMapStability.Moves, true, false, RefusalReason.BlockMapMoves)]
    [InlineData(BlockMapStability.Moves, false, true, RefusalReason.BlockMapMoves)]
    public void A_file_is_judged_by_its_file_system_DAX_and_whether_emulation_is_allowed(
        BlockMapStability stability, bool isDax, bool emulation, RefusalReason expected) =>
        Assert.Equal(
            expected,
            FaultPolicies.Strict.EvaluateFile(new FileFacts("some fs", stability, isDax, LoadsAllocate: false, emulation)).Reason);

    [Fact]
    public void A_refusal_needs_a_reason() =>
        Assert.Throws<ArgumentException>(() => PolicyDecision.Refuse(RefusalReason.None));
}
