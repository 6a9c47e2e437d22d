using System.IO.Compression;
using System.Text;
using System.Text.Json;
using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>A region as a stream: what a MemoryStream over an array would do, and what a flush is worth.</summary>
public abstract class RegionStreamTests : RegionTest
{
    private const int Length = 64 << 10;
    private const int Offset = 5000;
    private const int Size = 3000;

    private readonly InodeReference _reference;

    internal RegionStreamTests(FileBackingKind backing)
        : base(Length, backing) =>
        _reference = FileBackings.Of(backing).Open(TheFile.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));

    /// <summary>A sync of the inode that has begun and not ended keeps them all from ending.</summary>
    private Inode Inode => _reference.Inode;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whatever_is_done_to_it_it_does_as_a_MemoryStream_over_an_array(bool isReadOnly)
    {
        byte[] model = new byte[Size];
        new Random(1).NextBytes(model);
        Region.Fill(0, Length, 0xEE);
        Region.CopyFrom(Offset, model);
        using MappedRegion region = TheFile.Map(
            MapOptions.DirectOrEmulated with { Access = isReadOnly ? MappingAccess.Read : MappingAccess.ReadWrite });
        await using Stream stream = region.GetStream(Offset, Size);
        await using MemoryStream peer = new(model, writable: !isReadOnly);
        Random random = new(21);
        for (int i = 0; i < 20_000; i++)
        {
            StreamOperation operation = StreamOperation.Any(random, Size);

            string expected = await operation.Run(peer);
            string actual = await operation.Run(stream);

            Assert.Equal($"{i}. {operation}: {expected}", $"{i}. {operation}: {actual}");
        }

        byte[] content = new byte[Length];
        Region.CopyTo(0, content);
        Assert.Equal(model, content[Offset..(Offset + Size)]);
        Assert.All(content[..Offset].Concat(content[(Offset + Size)..]), value => Assert.Equal(0xEE, value));
    }

    [Fact]
    public async Task After_Dispose_it_does_as_a_MemoryStream_too_and_the_region_is_as_before()
    {
        Stream stream = Region.GetStream(Offset, Size);
        MemoryStream peer = new(new byte[Size]);
        stream.Write(new byte[8]);
        await stream.DisposeAsync();
        await peer.DisposeAsync();
        Random random = new(22);
        for (int i = 0; i < 2_000; i++)
        {
            StreamOperation operation = StreamOperation.Any(random, Size);
            Assert.Equal($"{operation}: {await operation.Run(peer)}", $"{operation}: {await operation.Run(stream)}");
        }

        Assert.Throws<ObjectDisposedException>(stream.Flush); // a MemoryStream's does nothing, a FileStream's throws
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.FlushAsync(Token));
        Assert.Throws<ObjectDisposedException>(() => stream.SetLength(0));
        stream.Dispose();
        Assert.Equal(0, Region.Read<long>(Offset));
    }

    [Fact]
    public void Positions_are_not_bounded_by_an_int_as_those_of_a_MemoryStream_are()
    {
        using Stream stream = Region.GetStream(Offset);
        Assert.Equal(Length - Offset, stream.Length);

        stream.Position = 1L << 40;
        Assert.Equal((1L << 40) + 5, stream.Seek(5, SeekOrigin.Current));
        Assert.Equal(0, stream.Read(new byte[1]));
        Assert.Equal(-1, stream.ReadByte());
        Assert.Equal(long.MaxValue, stream.Seek(long.MaxValue, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => stream.WriteByte(1));
        Assert.Throws<NotSupportedException>(() => stream.Write(new byte[100]));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Seek(1, SeekOrigin.Current));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Seek(long.MaxValue, SeekOrigin.End));
        Assert.Equal(long.MaxValue, stream.Position);
        Assert.Throws<NotSupportedException>(() => stream.SetLength(Length - Offset));
    }

    [Theory]
    [InlineData(-1, null)]
    [InlineData(Length + 1, null)]
    [InlineData(0, Length + 1L)]
    [InlineData(Length, 1L)]
    [InlineData(0, -1L)]
    public void A_stream_beyond_the_region_is_out_of_range(long offset, long? length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.GetStream(offset, length));

    [Fact]
    public async Task Code_that_takes_a_stream_writes_and_reads_through_it()
    {
        await using (StreamWriter writer = new(Region.GetStream(Offset, 1000)))
        {
            await writer.WriteLineAsync("one tea");
            await writer.WriteLineAsync("zwei Käse");
        }

        using (BinaryWriter writer = new(Region.GetStream(Offset + 1000, 1000)))
        {
            writer.Write(42L);
            writer.Write("text");
            writer.Write(1.5m);
        }

        Stream json = Region.GetStream(Offset + 2000, 1000);
        await JsonSerializer.SerializeAsync(json, new Order(7, "tea"), cancellationToken: Token);
        long end = json.Position;
        await using (GZipStream zip = new(Region.GetStream(Offset + 3000), CompressionLevel.Fastest))
        {
            await zip.WriteAsync(new byte[20_000], Token);
        }

        using StreamReader reader = new(Region.GetStream(Offset, 1000));
        Assert.Equal(("one tea", "zwei Käse"), (await reader.ReadLineAsync(Token), await reader.ReadLineAsync(Token)));
        using BinaryReader binary = new(Region.GetStream(Offset + 1000, 1000));
        Assert.Equal((42L, "text", 1.5m), (binary.ReadInt64(), binary.ReadString(), binary.ReadDecimal()));
        Assert.Equal(new Order(7, "tea"), await JsonSerializer.DeserializeAsync<Order>(
            Region.GetStream(Offset + 2000, end), cancellationToken: Token));
        await using GZipStream unzip = new(Region.GetStream(Offset + 3000), CompressionMode.Decompress);
        byte[] zeros = new byte[20_000];
        await unzip.ReadExactlyAsync(zeros, Token);
        Assert.All(zeros, value => Assert.Equal(0, value));
        Assert.StartsWith("one tea", Encoding.UTF8.GetString(File.ReadAllBytes(TheFile.Path)[Offset..]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_flush_persists_from_the_first_to_the_last_byte_that_was_written_since_the_last_one_and_else_nothing()
    {
        using Stream stream = Region.GetStream(Offset);
        Region.Write(Offset + 10_000, 1L); // not through the stream
        FailAll();
        stream.Flush();
        stream.Write([]);
        Assert.Equal(100, stream.Read(new byte[100]));
        stream.Flush();
        stream.Position = 9000;
        stream.WriteByte(1);
        Assert.Equal(5, Assert.Throws<WritebackFailureException>(stream.Flush).HResult);
        TheFile.AcknowledgeWritebackFailure(TheFile.WritebackFailure!);
        stream.Flush();

        stream.Position = 20_000;
        stream.Write(new byte[50]);
        stream.Position = 12_000;
        stream.WriteByte(2);
        stream.Position = 30_000; // goes nowhere
        Truncate();

        Assert.Equal(new FileRange(Offset + 12_000, 8050), Assert.Throws<MappingFaultException>(stream.Flush).Range);
        Assert.Equal(new FileRange(Offset + 12_000, 8050), Assert.Throws<MappingFaultException>(stream.Flush).Range); // still to be done
    }

    [Fact]
    public void After_a_flush_no_page_that_was_written_is_dirty()
    {
        Requires.Have("device-fs", IsOnDevice, "needs a temp folder on a device: in memory pages are never written back");
        using Stream stream = Region.GetStream(Offset);
        stream.Write(new byte[20_000]);
        Assert.NotEqual(0, ProcSelf.DirtyKibibytes(TheFile.Path));

        stream.Flush();

        Assert.Equal(0, ProcSelf.DirtyKibibytes(TheFile.Path));
    }

    [Fact]
    public async Task An_async_flush_is_done_when_the_bytes_are_durable_and_one_that_was_cancelled_is_still_to_be_done()
    {
        using CancellationTokenSource source = new();
        await using Stream stream = Region.GetStream(Offset);
        Assert.True(stream.FlushAsync(Token).IsCompletedSuccessfully);
        await stream.WriteAsync(new byte[100], Token);
        int slot = Inode.Syncs.Begin();

        Task cancelled = stream.FlushAsync(source.Token);
        Assert.False(cancelled.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(cancelled.Within);
        Task flush = stream.FlushAsync(Token);

        Assert.False(flush.IsCompleted);
        Inode.EndSync(slot, 0);
        await flush.Within();
        FailAll();
        await stream.FlushAsync(Token); // has nothing to do
        await stream.WriteAsync(new byte[1], Token);
        await Assert.ThrowsAsync<WritebackFailureException>(() => stream.FlushAsync(Token).Within());
        await Assert.ThrowsAsync<TaskCanceledException>(() => stream.FlushAsync(source.Token));
    }

    [Fact]
    public void Dispose_does_not_flush_and_loses_nothing()
    {
        Stream stream = Region.GetStream(Offset);
        stream.Write("tea"u8);
        FailAll(); // a flush would throw

        stream.Dispose();

        Assert.Equal("tea"u8, File.ReadAllBytes(TheFile.Path).AsSpan(Offset, 3));
    }

    [Fact]
    public void After_a_revocation_every_access_throws_also_at_the_end_and_nothing_reaches_the_file()
    {
        using Stream stream = Region.GetStream(Offset, Size);
        stream.Write("tea"u8);
        using DirectFile other = Open();
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => TheFile.GetLeases().Count == 0, "the region is revoked, and its pages are not the file's any more");

        AllThrow<MappingFaultException>(stream);

        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(stream.Flush).Cause);
        Assert.Equal([(byte)'t', (byte)'e', (byte)'a', 0, 0], File.ReadAllBytes(TheFile.Path)[Offset..(Offset + 5)]);
    }

    [Fact]
    public void After_the_region_was_disposed_every_access_says_so_also_at_the_end()
    {
        using Stream stream = Region.GetStream(Offset, Size);
        stream.Write("tea"u8);
        Region.Dispose();

        AllThrow<ObjectDisposedException>(stream);

        Assert.Throws<ObjectDisposedException>(stream.Flush);
        Assert.True(stream.CanRead && stream.CanSeek && stream.CanWrite);
        Assert.Equal((Size, Size), (stream.Length, stream.Position));
    }

    public override void Dispose()
    {
        _reference.Dispose();
        base.Dispose();
    }

    private static void AllThrow<TException>(Stream stream)
        where TException : Exception
    {
        foreach (long position in (long[])[3, Size])
        {
            stream.Position = position;
            Assert.Throws<TException>(() => stream.Read(new byte[8]));
            Assert.Throws<TException>(() => stream.ReadByte());
            Assert.Throws<TException>(() => stream.CopyTo(Stream.Null));
            Assert.Equal(position, stream.Position);
        }

        stream.Position = 3;
        Assert.Throws<TException>(() => stream.Write(new byte[8]));
        Assert.Throws<TException>(() => stream.WriteByte(1));
        stream.Position = Size;
    }

    /// <summary>Every persist fails from now on, until that is acknowledged.</summary>
    private void FailAll() => Inode.EndSync(Inode.Syncs.Begin(), 5);

    private void Truncate()
    {
        using FileStream elsewhere = new(TheFile.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        elsewhere.SetLength(PageSize);
    }

    private sealed record Order(int Id, string What);
}
