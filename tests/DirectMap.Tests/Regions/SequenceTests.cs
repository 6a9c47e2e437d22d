using System.Buffers;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

public abstract class SequenceTests(FileBackingKind backing) : RegionTest(Length, backing)
{
    private const int Length = 10_000;

    private byte[] Fill()
    {
        byte[] content = new byte[Length];
        new Random(1).NextBytes(content);
        TheFile.Write(content, 0);
        return content;
    }

    [Theory]
    [InlineData(0, Length, RegionSequence.MaxSegmentLength, 1)]
    [InlineData(0, Length, 4096, 3)]
    [InlineData(1, Length - 1, 4096, 3)]
    [InlineData(100, 8192, 4096, 2)]
    [InlineData(100, 8193, 4096, 3)]
    [InlineData(9_999, 1, 4096, 1)]
    public void It_is_the_regions_content_in_as_many_segments_as_it_takes(long offset, long length, int maxSegment, int segments)
    {
        byte[] content = Fill();
        using RegionSequence owner = new(Region, offset, length, maxSegment);
        ReadOnlySequence<byte> sequence = owner.Sequence;

        Assert.Equal(length, sequence.Length);
        Assert.Equal(content[(int)offset..(int)(offset + length)], sequence.ToArray());
        Assert.Equal(segments, CountSegments(sequence));
        owner.Complete();
    }

    [Fact]
    public void Slices_and_positions_count_from_its_beginning_over_the_borders_of_segments()
    {
        byte[] content = Fill();
        using RegionSequence owner = new(Region, 8, 9000, 1024);
        ReadOnlySequence<byte> sequence = owner.Sequence;

        for (long from = 0; from < 9000; from += 511)
        {
            ReadOnlySequence<byte> slice = sequence.Slice(from, Math.Min(2000, 9000 - from));
            Assert.Equal(content[(8 + (int)from)..(8 + (int)(from + slice.Length))], slice.ToArray());
            Assert.Equal(from, sequence.GetOffset(sequence.GetPosition(from)));
            Assert.Equal(content[8 + from], sequence.Slice(sequence.GetPosition(from)).FirstSpan[0]);
        }

        Assert.Equal(0, sequence.Slice(9000).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Slice(9001));
    }

    [Fact]
    public void A_reader_reads_values_that_lie_over_the_border_of_segments()
    {
        Region.Write(1020, 0x0102030405060708L);
        Region.Write(3000, (byte)'\n');
        using RegionSequence owner = new(Region, 0, Length, 1024);
        SequenceReader<byte> reader = new(owner.Sequence);

        reader.Advance(1020);
        Assert.True(reader.TryReadLittleEndian(out long value));
        Assert.True(reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'));
        reader.Advance(reader.Remaining);

        Assert.Equal(0x0102030405060708L, value);
        Assert.Equal(3000 - 1028, line.Length);
        Assert.Equal((Length, true), (reader.Consumed, reader.End));
        owner.Complete();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    [InlineData(Length)]
    public void An_empty_one_is_empty_anywhere(long offset)
    {
        using RegionSequence owner = Region.GetSequence(offset, 0);

        Assert.True(owner.Sequence.IsEmpty);
        Assert.Empty(owner.Sequence.ToArray());
        owner.Complete();
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, Length + 1)]
    [InlineData(Length, 1)]
    [InlineData(1, long.MaxValue)]
    [InlineData(long.MinValue, 1)]
    public void One_outside_the_region_is_a_bad_argument(long offset, long length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.GetSequence(offset, length));

    [Fact]
    public void A_read_only_region_has_sequences()
    {
        byte[] content = Fill();
        using MappedRegion region = TheFile.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });
        using RegionSequence owner = region.GetSequence(0, Length);

        Assert.Equal(content, owner.Sequence.ToArray());
        owner.Complete();
    }

    [Fact]
    public void Disposed_it_says_so_and_so_does_what_it_handed_out()
    {
        RegionSequence owner = new(Region, 0, Length, 4096);
        ReadOnlySequence<byte> sequence = owner.Sequence;
        owner.Dispose();
        owner.Dispose();

        Assert.Throws<ObjectDisposedException>(() => owner.Sequence);
        Assert.Throws<ObjectDisposedException>(() => owner.Complete());
        Assert.Throws<ObjectDisposedException>(() => sequence.ToArray());
        Assert.Throws<ObjectDisposedException>(() => sequence.Slice(9000).FirstSpan.Length);
        Region.Dispose();
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path)); // nothing holds it any more, on any backing
    }

    [Fact]
    public void After_the_region_was_disposed_every_segment_throws()
    {
        using RegionSequence owner = new(Region, 0, Length, 4096);
        ReadOnlySequence<byte> sequence = owner.Sequence;
        Region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => owner.Complete());
        Assert.Throws<ObjectDisposedException>(() => sequence.FirstSpan.Length);
        Assert.Throws<ObjectDisposedException>(() => sequence.Slice(9000).FirstSpan.Length);
        Assert.Throws<ObjectDisposedException>(() => Region.GetSequence(0, 8));
    }

    [Fact]
    public void After_a_revocation_every_segment_throws()
    {
        NeedsLinuxBacking("memory keeps the file mapped: CooperativeMemoryTests");
        using RegionSequence owner = new(Region, 0, Length, 4096);
        ReadOnlySequence<byte> sequence = owner.Sequence;
        using DirectFile other = Open();
        Assert.Throws<LeaseConflictException>(() => other.SetLength(0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => Region.State == RegionState.Revoked, "the region is revoked");

        MappingFaultException complete = Assert.Throws<MappingFaultException>(() => owner.Complete());

        Assert.Equal((FaultCause.Revoked, FaultAccess.Memory), (complete.Cause, complete.Access));
        Assert.Equal(
            new FileRange(8192, Length - 8192), Assert.Throws<MappingFaultException>(() => sequence.Slice(9000).FirstSpan.Length).Range);
        Assert.Throws<MappingFaultException>(() => Region.GetSequence(0, 8));
    }

    [Fact]
    public void A_judged_one_is_refused_where_the_policy_refuses_reading()
    {
        EmulatedBlockMap map = new(4 * PageSize);
        map.Set(new FileRange(PageSize, PageSize), ExtentFlags.Unwritten);
        map.Set(new FileRange(2 * PageSize, PageSize), ExtentFlags.BadBlock);
        using DirectFile file = DirectFile.Create(Folder.File("judged"), 4 * PageSize, Options with { BlockMap = map });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });

        Assert.Equal(RefusalReason.BadBlock, Assert.Throws<MappingFaultException>(() => region.GetSequence(0, (2 * PageSize) + 1)).Refusal);
        using RegionSequence good = region.GetSequence(0, 2 * PageSize); // a sequence is for reading
        good.Complete();
    }

    private static int CountSegments(ReadOnlySequence<byte> sequence)
    {
        int count = 0;
        foreach (ReadOnlyMemory<byte> _ in sequence)
        {
            count++;
        }

        return count;
    }
}
