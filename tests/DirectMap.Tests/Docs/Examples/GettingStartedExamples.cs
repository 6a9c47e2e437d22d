using System.Runtime.InteropServices;

namespace DirectMap.Tests.Docs.Examples;

internal static class GettingStartedExamples
{
    [Example(NeedsNative = true)]
    internal static void FirstSample()
    {
        // begin FirstSample
        File.Delete("orders.bin");                                // so that each run begins anew
        using DirectFile file = DirectFile.OpenOrCreate("orders.bin", length: 1 << 20);
        using MappedRegion region = file.Map();
        region.Write(0, 42L);                                     // at byte 0
        region.Persist(0, sizeof(long));                          // durable when it returns; otherwise it throws
        try
        {
            File.WriteAllBytes("orders.bin", [1, 2, 3]);          // somebody truncates the file
            Console.WriteLine(region.Read<long>(8192));           // MemoryMappedFile would end the process here
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause}, {fault.Range}");
        }

        // end
    }

    [Example]
    internal static void FirstRecord()
    {
        // begin FirstRecord
        // created with 16 MiB of written blocks; one that exists stays as it is
        using DirectFile file = DirectFile.OpenOrCreate("orders.pmem", length: 16 << 20);
        using MappedRegion region = file.Map();

        long runs = region.Read<long>(0) + 1;
        region.Write(0, runs);
        region.Persist(0, sizeof(long));                            // returns when the bytes are durable, or throws
        Console.WriteLine($"run {runs}");
        // end
    }

    [Example]
    internal static void Records()
    {
        // begin Records
        using DirectFile file = DirectFile.OpenOrCreate("orders.pmem", length: 16 << 20);
        using MappedRegion region = file.Map();

        region.Write(4096, new Order(Id: 1, Cents: 999));           // one record: checked
        using (RegionScope scope = region.OpenScope(offset: 8192, length: 16 * 100))
        {
            Span<Order> orders = MemoryMarshal.Cast<byte, Order>(scope.Span);
            for (int i = 0; i < orders.Length; i++)                 // many records: a span, at the speed of memory
            {
                orders[i] = new Order(i, 100 * i);
            }

            scope.Complete();                                       // throws if what was done did not reach the file
        }

        region.Persist(4096, 4096 + (16 * 100));
        Console.WriteLine(region.Read<Order>(8192 + (16 * 7)));
        // end
    }

    // begin Order
    internal readonly record struct Order(long Id, long Cents);
    // end

    [Example]
    internal static void Counters()
    {
        // begin Counters
        using DirectFile file = DirectFile.OpenOrCreate("orders.pmem", length: 16 << 20);
        using MappedRegion region = file.Map();

        region.Atomics.WriteRelease(64, 0L);
        Parallel.For(0, 1000, _ => region.Atomics.Add(64, 1L));     // returns the sum; Exchange, And and Or what was there before
        Console.WriteLine(region.Atomics.ReadAcquire<long>(64));
        region.Persist(64, sizeof(long));                           // others have seen the sums already, before they are durable
        // end
    }

    [Example]
    internal static async Task LettingGo()
    {
        // begin LettingGo
        using DirectFile file = DirectFile.OpenOrCreate("orders.pmem", length: 16 << 20);
        MappedRegion region = file.Map(new MapOptions { DrainTime = TimeSpan.FromSeconds(1) });

        using ManualResetEventSlim opened = new();
        Task worker = Task.Run(() =>
        {
            using RegionScope scope = region.OpenScope(offset: 0, length: 8);
            opened.Set();
            scope.Span.Fill(7);
            scope.Complete();                                       // the mapping is there: DisposeAsync waits for this scope
        });

        opened.Wait();
        await region.DisposeAsync();                                // Dispose would let go at once, and Complete might throw
        await worker;
        Console.WriteLine(region.State);
        // end
    }

    [Example]
    internal static async Task HolderAndBreaker()
    {
        // begin HolderAndBreaker
        using DirectFile file = DirectFile.OpenOrCreate("orders.pmem", length: 16 << 20);
        MappedRegion region = file.Map(new MapOptions
        {
            OnBreak = (self, why) =>
            {
                Console.WriteLine($"somebody wants the file: {why.Operation} of {why.Range}");
                self.Persist();
                self.Dispose();
            },
        });

        using DirectFile other = DirectFile.Open("orders.pmem");    // another owner, perhaps another part of your program
        await other.WriteAsync(new byte[] { 1, 2, 3 }, fileOffset: 100); // waits for the holder
        Console.WriteLine($"written; the region is {region.State}");
        // end
    }

    [Example]
    internal static void Refused()
    {
        // begin Refused
        File.Delete("import.dat");
        using DirectFile file = DirectFile.Create("import.dat", length: 1 << 20);
        file.SetLength(2 << 20);                                    // grows the file: the second MiB is a hole
        try
        {
            file.Map();
        }
        catch (MapRefusedException refused)
        {
            Console.WriteLine($"{refused.Reason} at {refused.Extent!.Value.Offset}");
            file.Prepare();                                         // gives every byte a written block; content is kept
        }

        using MappedRegion region = file.Map();
        Console.WriteLine(region.Length);
        // end
    }
}
