using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Copies where there is no fault handler, so that the kernel makes them.</summary>
internal static class CopyCases
{
    private const int Length = CopySweep.Length;

    /// <summary>As in any other region. Argument: path.</summary>
    internal static int CopyWhatIsThere(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], Length);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(ContainmentKind.Copies, region.Facts.Containment.Value);
        byte[] expected = CopySweep.InAndOut(region);
        Assert.True(File.ReadAllBytes(arguments[0]).AsSpan().SequenceEqual(expected), "the file differs after the copies");
        CopySweep.Fill(region, expected);
        Assert.True(File.ReadAllBytes(arguments[0]).AsSpan().SequenceEqual(expected), "the file differs");
        Assert.Throws<ArgumentOutOfRangeException>(() => region.CopyTo(Length - 7, new byte[8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.CopyFrom(-1, new byte[8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Fill(8, long.MaxValue, 1));
        region.CopyTo(Length, []);
        using (MappedRegion readOnly = file.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read }))
        {
            byte[] read = new byte[Length];
            readOnly.CopyTo(0, read);
            Assert.True(read.AsSpan().SequenceEqual(expected), "the read-only region differs");
            Assert.Throws<NotSupportedException>(() => readOnly.CopyFrom(0, read));
        }

        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => region.CopyFrom(0, new byte[] { 1 }));
        Assert.True(File.ReadAllBytes(arguments[0]).AsSpan().SequenceEqual(expected), "a copy after Dispose reached the file");
        return 0;
    }

    /// <summary>Between parts of the region that overlap. Argument: path.</summary>
    internal static int CopyWhatOverlaps(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], CopySweep.Overlapping);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(ContainmentKind.Copies, region.Facts.Containment.Value);
        CopySweep.Overlap(region, CopySweep.CopyIn);
        CopySweep.Overlap(region, CopySweep.CopyOut);
        CopySweep.Overlap(region, CopySweep.PersistCopy);
        return 0;
    }

    /// <summary>
    /// By reads and writes of the file, whose buffer is its own memory; and memory that was lost is an error number. Argument: path.
    /// </summary>
    internal static int TransferAliased(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], AliasedTransfers.Length);
        using DirectFile other = DirectFile.Open(arguments[0]);
        AliasedTransfers.Run(file, other, 3, count: 120).GetAwaiter().GetResult();

        using MappedRegion region = file.Map(MapOptions.Ordinary);
        Assert.Equal(ContainmentKind.Copies, region.Facts.Containment.Value);
        using RegionScope scope = region.OpenScope(100 << 10, 70_000);
        LossTest.SetLengthOutside(arguments[0], 100 << 10);
        Assert.Equal(14, ErrnoOf(scope, memory => file.Write(memory.ReadOnlySpan, 90 << 10)));
        Assert.Equal(14, ErrnoOf(scope, memory => file.Read(memory.Span, 90 << 10)));
        return 0;
    }

    private static int ErrnoOf(RegionScope scope, Action<RegionScope> action)
    {
        try
        {
            action(scope);
            return 0;
        }
        catch (IOException exception)
        {
            return exception.HResult;
        }
    }

    /// <summary>
    /// Between regions that have the same bytes; and what was lost under the other one is an error number. Argument: path.
    /// </summary>
    internal static int CopyBetweenRegions(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], AliasedCopies.Length);
        using DirectFile other = DirectFile.Open(arguments[0]);
        for (int seed = 1; seed < 4; seed++)
        {
            AliasedCopies.Run(file, other, seed, count: 60);
        }

        using MappedRegion region = file.Map(MapOptions.Ordinary);
        using MappedRegion from = other.Map(MapOptions.Ordinary);
        Assert.Equal(ContainmentKind.Copies, region.Facts.Containment.Value);
        using RegionScope scope = from.OpenScope(1 << 20, 70_000);
        LossTest.SetLengthOutside(arguments[0], 1 << 20);
        Exception? failure = null;
        try
        {
            region.CopyFrom((1 << 20) - 60_000, scope.ReadOnlySpan);
        }
        catch (IOException exception)
        {
            failure = exception;
        }

        Assert.Equal(14, Assert.IsType<IOException>(failure).HResult);
        return 0;
    }

    /// <summary>A truncated file: the copy says which page is lost, and what lies before it was copied. Argument: path.</summary>
    internal static int CopyWhatIsLost(string[] arguments)
    {
        int page = Environment.SystemPageSize;
        int kept = 20 * page;
        using DirectFile file = DirectFile.Create(arguments[0], Length);
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        region.Fill(0, Length, 1);
        LossTest.SetLengthOutside(arguments[0], kept);
        byte[] data = [.. Enumerable.Repeat((byte)9, Length)];

        MappingFaultException read = Assert.Throws<MappingFaultException>(() => region.CopyTo(100, new byte[Length - 100]));
        MappingFaultException write = Assert.Throws<MappingFaultException>(() => region.CopyFrom(100, data.AsSpan(100)));
        MappingFaultException inTheMiddle = Assert.Throws<MappingFaultException>(() => region.CopyTo((30 * page) + 5, new byte[3]));
        MappingFaultException atTheEnd = Assert.Throws<MappingFaultException>(() => region.CopyTo(Length - 3, new byte[3]));
        byte[] afterWrite = File.ReadAllBytes(arguments[0]);
        MappingFaultException fill = Assert.Throws<MappingFaultException>(() => region.Fill(kept - 10, Length - kept + 10, 7));

        Assert.Equal(
            (FaultCause.BeyondEndOfFile, FaultAccess.Read, new FileRange(100, Length - 100)), (read.Cause, read.Access, read.Range));
        Assert.Equal(
            (FaultCause.BeyondEndOfFile, FaultAccess.Write, new FileRange(100, Length - 100)), (write.Cause, write.Access, write.Range));
        Assert.Equal((FaultCause.BeyondEndOfFile, FaultAccess.Write), (fill.Cause, fill.Access));
        Assert.Equal([new(kept, page), new(kept, page), new(kept, page)], [read.Lost, write.Lost, fill.Lost]);
        Assert.Equal(new FileRange(30 * page, page), inTheMiddle.Lost);
        Assert.Equal(new FileRange(Length / page * page, Length % page), atTheEnd.Lost);
        Assert.Equal(kept, afterWrite.Length);
        Assert.All(afterWrite[..100], value => Assert.Equal(1, value));
        Assert.All(afterWrite[100..], value => Assert.Equal(9, value));
        Assert.All(File.ReadAllBytes(arguments[0])[^10..], value => Assert.Equal(7, value));

        // No handler, so nothing is kept of it: what is there can be used, and the rest as soon as it is there again.
        Assert.Equal(RegionState.Active, region.State);
        Assert.Empty(region.GetLostRanges());
        Assert.Empty(region.RestoreLostPages());
        Assert.Equal(1, region.Read<byte>(0));
        LossTest.SetLengthOutside(arguments[0], Length);
        region.CopyFrom(kept, data.AsSpan(kept));
        region.CopyTo(0, data);
        Assert.All(data[(kept - 10)..kept], value => Assert.Equal(7, value));
        Assert.All(data[kept..], value => Assert.Equal(9, value));
        return 0;
    }

    /// <summary>Judged first, then copied by the kernel. Argument: path.</summary>
    internal static int CopyJudged(string[] arguments)
    {
        int page = Environment.SystemPageSize;
        EmulatedBlockMap map = new(Length);
        map.Set(new FileRange(4 * page, page), ExtentFlags.BadBlock);
        using DirectFile file = DirectFile.Create(arguments[0], Length, new DirectFileOptions { BlockMap = map });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });

        Assert.Equal(FaultCause.Refused, Assert.Throws<MappingFaultException>(() => region.CopyTo(0, new byte[(4 * page) + 1])).Cause);
        Assert.Equal(FaultCause.Refused, Assert.Throws<MappingFaultException>(() => region.CopyFrom(0, new byte[(4 * page) + 1])).Cause);
        Assert.Equal(FaultCause.Refused, Assert.Throws<MappingFaultException>(() => region.Fill(0, (4 * page) + 1, 1)).Cause);
        region.Fill(0, 4 * page, 1);
        region.CopyTo(5 * page, new byte[page]);
        Assert.Equal(1, region.Read<byte>((4 * page) - 1));
        return 0;
    }
}
