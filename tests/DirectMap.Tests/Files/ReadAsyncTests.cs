using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>Reading on a pool thread.</summary>
public abstract class ReadAsyncTests(FileBackingKind backing) : FileTest(backing)
{
    private const int Length = 300_000;

    [Fact]
    public async Task It_reads_what_Read_reads_at_random_places_with_random_lengths()
    {
        using DirectFile file = Filled();
        Random random = new(1);
        for (int i = 0; i < 500; i++)
        {
            long fileOffset = random.Next(Length + 5000);
            int length = random.Next(3) == 0 ? random.Next(3) : random.Next(20_000);
            byte[] expected = new byte[length + 2];
            byte[] actual = new byte[length + 2];

            int count = file.Read(expected.AsSpan(1, length), fileOffset);

            Assert.Equal(count, await file.ReadAsync(actual.AsMemory(1, length), fileOffset, TestContext.Current.CancellationToken));
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public async Task Memory_of_a_region_of_the_file_gets_the_bytes_that_were_there_before()
    {
        using DirectFile file = Filled();
        byte[] expected = new byte[10_000];
        file.Read(expected, fileOffset: 100);
        using MappedRegion region = file.Map();
        using RegionMemory memory = region.GetMemory(0, 10_000);

        Assert.Equal(10_000, await file.ReadAsync(memory.Memory, fileOffset: 100, TestContext.Current.CancellationToken));

        Assert.Equal(expected, memory.Memory.ToArray());
    }

    [Fact]
    public async Task It_breaks_no_lease()
    {
        using DirectFile file = Filled();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { LeaseMode = LeaseMode.Exclusive });

        Assert.Equal(8, await other.ReadAsync(new byte[8], 0, TestContext.Current.CancellationToken));

        Assert.Equal(RegionState.Active, region.State);
    }

    [Fact]
    public void What_is_wrong_with_the_call_is_thrown_by_the_call()
    {
        DirectFile file = Filled();

        ArgumentOutOfRangeException wrong = Assert.Throws<ArgumentOutOfRangeException>(
            () => { _ = file.ReadAsync(new byte[1], -1, CancellationToken.None).AsTask(); });
        Assert.Equal("fileOffset", wrong.ParamName);

        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { _ = file.ReadAsync(new byte[1], 0, CancellationToken.None).AsTask(); });
    }

    [Fact]
    public async Task A_token_that_was_cancelled_before_leaves_the_buffer_as_it_is()
    {
        using DirectFile file = Filled();
        byte[] buffer = [200, 200];

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await file.ReadAsync(buffer, 1, new CancellationToken(canceled: true)));

        Assert.Equal([200, 200], buffer);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_meanwhile_ends_in_all_bytes_or_in_none()
    {
        using DirectFile file = Filled();
        byte[] expected = new byte[5000];
        file.Read(expected, 3);
        for (int round = 0; round < 200; round++)
        {
            using CancellationTokenSource cancellation = new();
            byte[][] buffers = [.. Enumerable.Range(0, 8).Select(_ => new byte[5000])];
            using Barrier together = new(2);
            Thread canceller = new(() =>
            {
                together.SignalAndWait();
                Thread.SpinWait(round * 10);
                cancellation.Cancel();
            });
            canceller.Start();
            together.SignalAndWait();
            Task<int>[] reads = [.. buffers.Select(buffer => file.ReadAsync(buffer, 3, cancellation.Token).AsTask())];
            await Task.WhenAll(reads.Select(read => Record.ExceptionAsync(() => read).AsTask())).Within();
            canceller.Join();

            for (int i = 0; i < reads.Length; i++)
            {
                Assert.True(reads[i].IsCompletedSuccessfully || reads[i].IsCanceled, reads[i].Exception?.ToString());
                Assert.Equal(reads[i].IsCanceled ? new byte[5000] : expected, buffers[i]);
            }
        }
    }

    [Fact]
    public async Task A_file_that_is_disposed_meanwhile_gives_the_bytes_or_says_so_and_leaves_no_descriptor()
    {
        Filled().Dispose();
        for (int round = 0; round < 200; round++)
        {
            DirectFile file = Open();
            byte[][] buffers = [.. Enumerable.Range(0, 8).Select(_ => new byte[100])];
            Task<int>[] reads = [.. buffers.Select(buffer => file.ReadAsync(buffer, 5, CancellationToken.None).AsTask())];
            Thread.SpinWait(round * 10);

            file.Dispose();

            Exception?[] ended = await Task.WhenAll(reads.Select(read => Record.ExceptionAsync(() => read).AsTask())).Within();
            for (int i = 0; i < ended.Length; i++)
            {
                Assert.True(ended[i] is null or ObjectDisposedException, ended[i]?.ToString());
                Assert.Equal(ended[i] is null ? Enumerable.Range(5, 100).Select(ByteAt) : new byte[100], buffers[i]);
            }

            Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path));
        }
    }

    private DirectFile Filled()
    {
        DirectFile file = Create(Length);
        file.Write([.. Enumerable.Range(0, Length).Select(ByteAt)], 0);
        return file;
    }

    private static byte ByteAt(int place) => (byte)((place % 251) + 1);
}
