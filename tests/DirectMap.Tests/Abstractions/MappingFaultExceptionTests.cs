namespace DirectMap.Tests.Abstractions;

public sealed class MappingFaultExceptionTests
{
    private static readonly FileRange s_accessed = new(100, 8);
    private static readonly FileRange s_page = new(0, 4096);
    private static readonly FileRange s_otherPage = new(8192, 4096);

    [Theory]
    [InlineData(FaultCause.Unknown, 5)]
    [InlineData(FaultCause.Revoked, 5)]
    [InlineData(FaultCause.BeyondEndOfFile, 5)]
    [InlineData(FaultCause.Refused, 95)]
    [InlineData(FaultCause.LayoutLeased, 11)]
    [InlineData(FaultCause.NoSpace, 28)]
    [InlineData(FaultCause.BadBlock, 5)]
    public void Each_cause_has_its_error_number(FaultCause cause, int errno) =>
        Assert.Equal(errno, new MappingFaultException
        {
            Path = "/f",
            Cause = cause,
            Access = FaultAccess.Read,
            Range = s_accessed,
        }.HResult);

    [Theory]
    [InlineData(FaultCause.BeyondEndOfFile, "which the file no longer has", "EIO")]
    [InlineData(FaultCause.NoSpace, "for which the file system has no space", "ENOSPC")]
    [InlineData(FaultCause.BadBlock, "which the medium has lost", "EIO")]
    [InlineData(FaultCause.Unknown, "which the kernel could not provide", "EIO")]
    public void The_message_of_a_lost_page_says_whether_the_access_met_it(FaultCause cause, string reason, string errno)
    {
        string met = new MappingFaultException
        {
            Path = "/f",
            Cause = cause,
            Access = FaultAccess.Write,
            Range = s_accessed,
            Detail = "why",
            Lost = s_page,
        }.Message;
        string beside = new MappingFaultException
        {
            Path = "/f",
            Cause = cause,
            Access = FaultAccess.Write,
            Range = s_accessed,
            Lost = s_otherPage,
        }.Message;

        Assert.Equal(
            $"'/f', bytes {s_accessed}: this Write met bytes {s_page}, {reason} ({errno}); what was read there is not the file's, "
                + "and what was written there did not reach it: why",
            met);
        Assert.Equal(
            $"'/f', bytes {s_accessed}: this Write came after the region had lost bytes {s_otherPage}, {reason} ({errno}), "
                + "and is out of use; what was stored to other pages has reached the file",
            beside);
    }

    [Fact]
    public void It_carries_what_it_is_given()
    {
        Extent extent = new(0, 4096, -1, ExtentFlags.Hole);
        IOException inner = new("inner");

        MappingFaultException fault = new(inner)
        {
            Path = "/f",
            Cause = FaultCause.NoSpace,
            Access = FaultAccess.Memory,
            Range = s_accessed,
            Extent = extent,
            Lost = s_page,
        };
        MappingFaultException bare = new()
        {
            Path = "/f",
            Cause = FaultCause.NoSpace,
            Access = FaultAccess.Write,
            Range = s_accessed,
        };

        Assert.Equal(("/f", FaultCause.NoSpace, FaultAccess.Memory, s_accessed), (fault.Path, fault.Cause, fault.Access, fault.Range));
        Assert.Equal((extent, s_page, RefusalReason.None), (fault.Extent!.Value, fault.Lost!.Value, fault.Refusal));
        Assert.Same(inner, fault.InnerException);
        Assert.Null(bare.Lost);
        Assert.Null(bare.Extent);
        Assert.Contains("it was not made (ENOSPC)", bare.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_about_a_lease_has_the_error_number_of_what_conflicted() =>
        Assert.Equal(26, new MappingFaultException(new IOException("busy", 26))
        {
            Path = "/f",
            Cause = FaultCause.LayoutLeased,
            Access = FaultAccess.Write,
            Range = s_accessed,
        }.HResult);
}
