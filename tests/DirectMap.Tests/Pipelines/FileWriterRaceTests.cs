using System.Buffers.Binary;
using System.Collections.Concurrent;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>A producer and breakers at the same time, on the system's clock: every byte arrives.</summary>
public sealed class FileWriterRaceTests : IDisposable
{
    private const int Capacity = 8 << 20;
    private const int Scratch = 4096; // the breakers' own part, at the end

    private readonly TestDirectory _folder = new();

    /// <summary>Milliseconds: so many that nobody is revoked, so few that many are within a record.</summary>
    [Theory]
    [InlineData(45_000, true)]
    [InlineData(45_000, false)]
    [InlineData(20, true)]
    [InlineData(20, false)]
    public async Task Every_byte_arrives_whoever_wants_the_file_meanwhile(int breakTime, bool isDurable)
    {
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(breakTime) });
        DirectFileOptions options = new() { Coordinator = coordinator };
        ConcurrentBag<MappedRegion> broken = [];
        MapOptions map =
            MapOptions.DirectOrEmulated with { Range = new FileRange(0, Capacity), OnBreak = (region, _) => broken.Add(region) };
        RegionWriterOptions writing = new() { Durable = isDurable, BufferSize = 10_000 };
        using DirectFile file = DirectFile.Create(_folder.File(), Capacity + Scratch, options);
        using CancellationTokenSource stop = new();
        Task<int>[] breakers = [.. Enumerable.Range(0, 2).Select(i => Task.Run(() => BreakAsync(options, i, stop.Token)))];
        RegionWriter writer = await file.CreateWriterAsync(map with { WhenUnavailable = WhenUnavailable.Wait }, options: writing);
        Random random = new(7);
        int refused = 0;
        int failed = 0;
        while (writer.Position < Capacity)
        {
            try
            {
                for (int part = random.Next(1, 5); part > 0 && writer.Position < Capacity; part--)
                {
                    refused += await PutAsync(writer, random); // what was refused was said, so it is written again
                    if (random.Next(50) == 0)
                    {
                        await Task.Delay(breakTime < 100 ? 2 * breakTime : 1); // a slow producer: deadlines pass within records
                    }
                }

                await writer.FlushAsync();
                Assert.Equal(writer.Position, isDurable ? writer.DurablePosition : writer.Position - writer.UnflushedBytes);
            }
            catch (MappingFaultException fault) when (fault.Cause == FaultCause.Revoked)
            {
                // The callback came after the deadline, so there was no copy: that was said, too.
                failed++;
                long good = writer.Position - writer.UnflushedBytes;
                await writer.CompleteAsync(fault);
                writer = await file.CreateWriterAsync(map with { WhenUnavailable = WhenUnavailable.Wait }, good, writing);
            }
        }

        await writer.CompleteAsync();
        await stop.CancelAsync();
        int breaks = (await Task.WhenAll(breakers)).Sum();
        int revoked = broken.Count(region => region.State == RegionState.Revoked);
        string what = $"{breaks} breaks, {broken.Count} of a mapping, {revoked} revocations, {refused} refusals, {failed} failures";
        TestContext.Current.SendDiagnosticMessage(what);
        byte[] content = new byte[Capacity];
        file.Read(content, 0);
        for (int at = 0; at < Capacity; at += 4)
        {
            Assert.True(BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(at)) == Word((uint)at), $"byte {at}: {what}");
        }

        Assert.NotEmpty(broken);
        Assert.True(breakTime < 100 ? revoked > refused + failed : revoked + refused + failed == 0, what);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Returns how often it was refused.</summary>
    private static async ValueTask<int> PutAsync(RegionWriter writer, Random random)
    {
        uint at = (uint)writer.Position;
        int length = (int)Math.Min(Capacity - at, 4 * random.Next(1, 3000));
        if (random.Next(4) == 0)
        {
            byte[] source = new byte[length];
            Fill(source, at);
            writer.CancelPendingFlush(); // so that it is no end of a record
            await writer.WriteAsync(source);
            return 0;
        }

        for (int refused = 0; ; refused++)
        {
            Memory<byte> memory = writer.GetMemory(length)[..length];
            try
            {
                Fill(memory.Span, at);
                writer.Advance(length);
                return refused;
            }
            catch (MappingFaultException fault) when (fault.Cause == FaultCause.Revoked)
            {
                // Again.
            }
        }
    }

    private static void Fill(Span<byte> span, uint at)
    {
        for (int i = 0; i < span.Length; i += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(span[i..], Word(at + (uint)i));
        }
    }

    private static uint Word(uint at) => (at * 2654435761) | 1; // never zero

    private async Task<int> BreakAsync(DirectFileOptions options, int which, CancellationToken stop)
    {
        using DirectFile other = DirectFile.Open(_folder.File(), options);
        byte[] mark = [1];
        int count = 0;
        for (; !stop.IsCancellationRequested; count++)
        {
            await other.WriteAsync(mark, Capacity + which, cancellationToken: CancellationToken.None);

            // A pace, and no wait for anything: where the next break meets the writer is left to chance. Without it some breaker would
            // always be in line, and the writer would hardly come to map the file.
            await Task.Delay(1, CancellationToken.None);
        }

        return count;
    }
}
