using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>Streams over pages that the kernel cannot provide.</summary>
public sealed class RegionStreamFaultTests : LossTest
{
    private const int PageCount = 256;

    [Fact]
    public void A_read_that_meets_a_lost_page_throws_and_moves_nothing_and_others_go_on()
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated with { FaultReach = FaultReach.Page }, 4, out DirectFile file);
        using Stream stream = region.GetStream(8);
        SetLengthOutside(file.Path, 2 * PageSize);
        stream.Position = (2 * PageSize) - 16;

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => stream.Read(new byte[16]));

        Assert.Equal((FaultCause.BeyondEndOfFile, Pages(2, 1)), (fault.Cause, fault.Lost!.Value));
        Assert.Equal((2 * PageSize) - 16, stream.Position);
        byte[] before = new byte[8];
        stream.ReadExactly(before);
        Assert.Equal(Pattern(2 * PageSize)[^8..], before);
        Assert.Throws<MappingFaultException>(() => stream.ReadByte());
        Assert.Throws<MappingFaultException>(() => stream.WriteByte(1));
        Assert.Throws<MappingFaultException>(() => stream.Write(new byte[16]));
        Assert.Throws<MappingFaultException>(stream.Flush); // of what did not reach the file
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copy_passes_on_only_bytes_that_are_the_files_and_in_small_pieces(bool isAsync)
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, PageCount, out DirectFile file);
        await using Stream stream = region.GetStream();
        Pieces whole = new();
        await Copy(whole);
        Assert.Equal(Pattern(file.Length), whole.ToArray());
        Assert.True(whole.Largest <= 128 << 10, $"{whole.Largest} bytes at once");
        stream.Position = 0;
        SetLengthOutside(file.Path, 200L * PageSize);

        Pieces part = new();
        MappingFaultException fault = await Assert.ThrowsAsync<MappingFaultException>(() => Copy(part));

        Assert.Equal(FaultCause.BeyondEndOfFile, fault.Cause);
        Assert.Equal(stream.Position, part.Length);
        Assert.InRange(part.Length, 1, 200L * PageSize);
        Assert.Equal(Pattern(part.Length), part.ToArray());

        async Task Copy(Stream to)
        {
            if (isAsync)
            {
                await stream.CopyToAsync(to, TestContext.Current.CancellationToken);
            }
            else
            {
                stream.CopyTo(to);
            }
        }
    }

    /// <summary>What was written, and the most at once.</summary>
    private sealed class Pieces : MemoryStream
    {
        internal int Largest { get; private set; }

        public override void Write(byte[] buffer, int offset, int count)
        {
            Largest = Math.Max(Largest, count);
            base.Write(buffer, offset, count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Largest = Math.Max(Largest, buffer.Length);
            base.Write(buffer.Span);
            return default;
        }
    }
}
