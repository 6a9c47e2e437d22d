using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>Pages that are lost under a reader or a writer, and copies of which the kernel finds no page.</summary>
public sealed class LostBytesTests : LossTest
{
    private const int PageCount = 16;

    private static readonly MapOptions s_pages = MapOptions.DirectOrEmulated with { FaultReach = FaultReach.Page };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_that_is_lost_while_the_consumer_reads_is_told_by_AdvanceTo_which_consumes_nothing()
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, PageCount, out DirectFile file);
        PipeReader reader = region.CreateReader();
        ReadResult read = await reader.ReadAsync(Token);
        SetLengthOutside(file.Path, 4 * PageSize);
        Assert.Equal(0, Touch(read.Buffer, 5 * PageSize)); // what is there is not the file's, and nobody is told yet

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => reader.AdvanceTo(read.Buffer.GetPosition(6 * PageSize)));

        Assert.Equal((FaultCause.BeyondEndOfFile, FaultAccess.Memory, Pages(5, 1)), (fault.Cause, fault.Access, fault.Lost!.Value));
        await Assert.ThrowsAsync<MappingFaultException>(() => reader.ReadAsync(Token).AsTask());
        Assert.Throws<MappingFaultException>(() => reader.TryRead(out _));
        SetLengthOutside(file.Path, PageCount * PageSize);
        file.Prepare();
        Assert.Empty(region.RestoreLostPages());
        ReadResult again = await reader.ReadAsync(Token);
        Assert.Equal(PageCount * PageSize, again.Buffer.Length);
        Assert.Equal(1, again.Buffer.FirstSpan[0]);
        reader.AdvanceTo(again.Buffer.End);
    }

    [Fact]
    public async Task It_is_told_by_the_next_read_or_by_Complete_when_nothing_was_advanced()
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, PageCount, out DirectFile file);
        PipeReader reader = region.CreateReader();
        PipeReader completed = region.CreateReader();
        ReadResult read = await reader.ReadAsync(Token);
        await completed.ReadAsync(Token);
        SetLengthOutside(file.Path, 4 * PageSize);
        Touch(read.Buffer, 5 * PageSize);

        await Assert.ThrowsAsync<MappingFaultException>(() => reader.ReadAsync(Token).AsTask());
        Assert.Throws<MappingFaultException>(() => completed.Complete());
    }

    [Fact]
    public async Task A_second_read_does_not_forget_what_the_first_one_met_also_when_the_page_came_back_between_them()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        PipeReader reader = region.CreateReader();
        ReadResult read = await reader.ReadAsync(Token);
        SetLengthOutside(file.Path, 4 * PageSize);
        Touch(read.Buffer, 5 * PageSize);
        SetLengthOutside(file.Path, PageCount * PageSize);
        file.Prepare();
        Assert.Empty(region.RestoreLostPages());

        await Assert.ThrowsAsync<MappingFaultException>(() => reader.ReadAsync(Token).AsTask());
        Assert.True((await reader.ReadAsync(Token)).IsCompleted);
    }

    [Fact]
    public async Task Where_a_fault_reaches_only_pages_those_before_it_are_handed_out_first()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 5 * PageSize);
        Lose(region, 5);
        PipeReader reader = region.CreateReader(100);

        ReadResult read = await reader.ReadAsync(Token);

        Assert.Equal(((5 * PageSize) - 100, false), (read.Buffer.Length, read.IsCompleted));
        reader.AdvanceTo(read.Buffer.End);
        Assert.Equal(Pages(5, 1), (await Assert.ThrowsAsync<MappingFaultException>(() => reader.ReadAsync(Token).AsTask())).Lost);
        PipeReader behind = region.CreateReader(6 * PageSize, 0);
        Assert.True((await behind.ReadAsync(Token)).IsCompleted);
    }

    [Fact]
    public async Task What_was_handed_out_before_a_write_that_failed_is_taken_back()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        RegionWriter writer = region.CreateWriter();
        SetLengthOutside(file.Path, PageSize);
        writer.GetMemory(8);
        Task<FlushResult> write = writer.WriteAsync(new byte[3 * PageSize], Token).AsTask();
        await Assert.ThrowsAsync<MappingFaultException>(() => write);

        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(1));

        Assert.Equal((0L, 0L), (writer.Position, writer.UnflushedBytes));
        writer.Complete(new IOException());
    }

    [Fact]
    public async Task Where_a_fault_reaches_only_pages_what_was_examined_before_it_is_good()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        PipeReader reader = region.CreateReader();
        ReadResult read = await reader.ReadAsync(Token);
        SetLengthOutside(file.Path, 5 * PageSize);
        Touch(read.Buffer, 5 * PageSize);

        reader.AdvanceTo(read.Buffer.GetPosition(10), read.Buffer.GetPosition(5 * PageSize));

        Assert.Throws<MappingFaultException>(() => reader.TryRead(out _)); // one byte more than was examined is lost
    }

    [Fact]
    public async Task A_copy_to_a_file_whose_source_is_gone_is_a_fault_and_not_an_error_of_the_destination()
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, PageCount, out DirectFile file);
        PipeReader reader = region.CreateReader();
        SetLengthOutside(file.Path, 4 * PageSize);
        await using FileStream destination = new(Folder.File("copy"), FileMode.Create, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);

        MappingFaultException fault = await Assert.ThrowsAsync<MappingFaultException>(() => reader.CopyToAsync(destination, Token));

        Assert.Equal((FaultCause.BeyondEndOfFile, Pages(4, 1)), (fault.Cause, fault.Lost!.Value));
    }

    [Fact]
    public async Task A_copy_to_a_socket_whose_source_is_gone_is_a_fault_too()
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, PageCount, out DirectFile file);
        PipeReader reader = region.CreateReader();
        SetLengthOutside(file.Path, 4 * PageSize);
        (Socket near, Socket far) = await Connected();
        using (near)
        using (far)
        {
            await using NetworkStream stream = new(near);

            MappingFaultException fault = await Assert.ThrowsAsync<MappingFaultException>(() => reader.CopyToAsync(stream, Token));

            Assert.Equal((FaultCause.BeyondEndOfFile, Pages(4, 1)), (fault.Cause, fault.Lost!.Value));
        }
    }

    [Fact]
    public async Task A_copy_to_a_socket_has_every_byte()
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, 512, out _);
        PipeReader reader = region.CreateReader(options: new RegionReaderOptions { BufferSize = 100_000 });
        (Socket near, Socket far) = await Connected();
        byte[] received = new byte[region.Length];
        using (far)
        {
            Task receive = Task.Run(() => new NetworkStream(far).ReadExactly(received), Token);
            await using (NetworkStream stream = new(near, ownsSocket: true))
            {
                await reader.CopyToAsync(stream, Token);
                await receive.Within();
            }
        }

        Assert.Equal(Pattern(region.Length), received);
    }

    [Fact]
    public async Task A_destination_that_fails_by_itself_is_told_as_it_is()
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, PageCount, out _);
        (Socket near, Socket far) = await Connected();
        using (near)
        using (far)
        {
            await using NetworkStream stream = new(near);
            near.Shutdown(SocketShutdown.Send);

            Assert.Equal(
                typeof(IOException),
                (await Assert.ThrowsAsync<IOException>(() => region.CreateReader().CopyToAsync(stream, Token))).GetType());
        }
    }

    [Fact]
    public async Task A_page_that_was_lost_under_what_was_written_is_told_by_the_flush_and_all_that_follows_and_nothing_moves()
    {
        foreach (bool isDurable in (bool[])[true, false])
        {
            File.Delete(Folder.File());
            using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, PageCount, out DirectFile file);
            RegionWriter writer = region.CreateWriter(options: new RegionWriterOptions { Durable = isDurable });
            Span<byte> span = writer.GetSpan(6 * PageSize);
            SetLengthOutside(file.Path, 4 * PageSize);
            span[..(6 * PageSize)].Fill(9);
            writer.Advance(6 * PageSize);

            MappingFaultException fault = await Assert.ThrowsAsync<MappingFaultException>(() => writer.FlushAsync(Token).AsTask());

            Assert.Equal(
                (FaultCause.BeyondEndOfFile, Pages(4, 1).Offset, 0L), (fault.Cause, fault.Lost!.Value.Offset, writer.DurablePosition));
            SetLengthOutside(file.Path, PageCount * PageSize);
            file.Prepare();
            Assert.Empty(region.RestoreLostPages());
            // the pages came back, the bytes did not
            await Assert.ThrowsAsync<MappingFaultException>(() => writer.FlushAsync(Token).AsTask());
            Assert.Throws<MappingFaultException>(() => writer.Complete());
            await region.CreateWriter(writer.DurablePosition).WriteAsync(new byte[6 * PageSize], Token);
        }
    }

    [Fact]
    public void Bytes_that_were_lost_before_the_pages_came_back_are_told_by_the_next_memory()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        RegionWriter writer = region.CreateWriter(options: new RegionWriterOptions { Durable = false });
        Span<byte> span = writer.GetSpan(6 * PageSize);
        SetLengthOutside(file.Path, 4 * PageSize);
        span[..(6 * PageSize)].Fill(9);
        writer.Advance(6 * PageSize);
        SetLengthOutside(file.Path, PageCount * PageSize);
        file.Prepare();
        Assert.Empty(region.RestoreLostPages());

        Assert.Equal(4 * PageSize, Assert.Throws<MappingFaultException>(() => writer.GetMemory()).Lost!.Value.Offset);
    }

    [Fact]
    public async Task A_writer_that_has_lost_nothing_goes_on_when_the_pages_came_back()
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, PageCount, out DirectFile file);
        RegionWriter writer = region.CreateWriter();
        await writer.WriteAsync(new byte[100], Token);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        Assert.Throws<MappingFaultException>(() => writer.GetMemory());
        SetLengthOutside(file.Path, PageCount * PageSize);
        file.Prepare();
        Assert.Empty(region.RestoreLostPages());

        writer.GetMemory();
        await writer.WriteAsync(new byte[6 * PageSize], Token);

        Assert.Equal((6 * PageSize) + 100, writer.DurablePosition);
    }

    private static async Task<(Socket Near, Socket Far)> Connected()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Socket near = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(listener.LocalEndPoint!, Token);
        return (near, await listener.AcceptAsync(Token));
    }

    private static byte Touch(ReadOnlySequence<byte> buffer, long offset) => Volatile.Read(in buffer.FirstSpan[(int)offset]);
}
