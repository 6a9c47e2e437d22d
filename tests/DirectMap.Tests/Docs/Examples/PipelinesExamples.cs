using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace DirectMap.Tests.Docs.Examples;

internal static class PipelinesExamples
{
    [Example]
    internal static async Task Use()
    {
        // begin Use
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        RegionWriter writer = region.CreateWriter();
        foreach (string order in new[] { "one tea\n", "two coffees\n" })
        {
            writer.Write(Encoding.UTF8.GetBytes(order));   // into the mapping
            await writer.FlushAsync();                                 // durable when it completes
        }

        await writer.CompleteAsync();
        Console.WriteLine($"durable up to {writer.DurablePosition}");

        PipeReader reader = region.CreateReader(0, writer.DurablePosition);
        while (true)
        {
            ReadResult read = await reader.ReadAsync();
            ReadOnlySequence<byte> rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                Console.WriteLine(Encoding.UTF8.GetString(rest.Slice(0, end)));
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            reader.AdvanceTo(rest.Start, rest.End);                    // throws if what was read is not the file's
            if (read.IsCompleted)
            {
                break;
            }
        }

        reader.Complete();
        // end
    }

    [Example]
    internal static async Task Full()
    {
        // begin Full
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionWriter writer = region.CreateWriter(offset: 0, length: 16);
        await writer.WriteAsync("ten bytes."u8.ToArray());
        try
        {
            await writer.WriteAsync("seven.."u8.ToArray());
        }
        catch (RegionFullException full)
        {
            Console.WriteLine($"{full.Needed} needed, {full.Available} available; durable up to {writer.DurablePosition}");
        }

        RegionWriter next = region.CreateWriter(offset: writer.DurablePosition);
        await next.WriteAsync("seven.."u8.ToArray());
        Console.WriteLine(next.DurablePosition);
        // end
    }

    [Example]
    internal static async Task Others()
    {
        // begin Others
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated);
        await writer.WriteAsync("first."u8.ToArray());

        using DirectFile other = DirectFile.Open("orders.pmem");
        using (ILayoutRight right = await other.BreakLayoutAsync(FileRange.Whole))   // between records: the writer lets go at once
        {
            writer.Write("second."u8);                                               // the producer goes on, in ordinary memory
            Console.WriteLine($"{writer.Position} written, {writer.DurablePosition} durable");
        }

        await writer.FlushAsync();                                                   // waits for the file, maps it, stores the bytes
        Console.WriteLine($"{writer.Position} written, {writer.DurablePosition} durable");
        await writer.CompleteAsync();                                                // lets go for good
        // end
    }

    [Example]
    internal static void AsStream()
    {
        // begin AsStream
        File.Delete("orders.txt");
        using DirectFile file = DirectFile.Create("orders.txt", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (StreamWriter text = new(region.GetStream(offset: 0, length: 4096)))
        {
            text.WriteLine("one tea");
            text.Flush();                                              // the stream's as well: these bytes are durable now
        }

        using StreamReader reader = new(region.GetStream(offset: 0, length: 4096));
        Console.WriteLine(reader.ReadLine());
        // end
    }
}
