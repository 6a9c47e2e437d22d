using System.Text;

namespace DirectMap.Tests.Docs.Examples;

internal static class PersistentLogExamples
{
    [Example]
    internal static void First()
    {
        // begin First
        File.Delete("orders.log");
        using DirectFile file = DirectFile.Create("orders.log", length: 1 << 20);
        using (MappedRegion region = file.Map(MapOptions.DirectOrEmulated))
        using (PersistentLog log = PersistentLog.OpenOrCreate(region))
        {
            log.Append("first"u8);                                                // durable when it returns
            log.AppendBatch(["second"u8.ToArray(), "third"u8.ToArray()]);         // one persist for both
        }

        using MappedRegion again = file.Map(MapOptions.DirectOrEmulated);         // as after a crash
        using PersistentLog opened = PersistentLog.OpenOrCreate(again);
        Console.WriteLine(opened.Recovery);
        foreach (PersistentLogEntry entry in opened.Read(from: 2))
        {
            Console.WriteLine($"{entry.Sequence}: {Encoding.UTF8.GetString(entry.Bytes.Span)}");
        }
        // end
    }

    [Example]
    internal static void Torn()
    {
        // begin Torn
        File.Delete("orders.log");
        using DirectFile file = DirectFile.Create("orders.log", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using PersistentLog log = PersistentLog.Create(region);
        log.Append("first"u8);
        log.AppendBatch([new byte[100], new byte[100]]);
        File.Copy("orders.log", "crashed.log", overwrite: true);   // what a crash leaves: nobody has closed that one

        using DirectFile crashed = DirectFile.Open("crashed.log");
        using MappedRegion left = crashed.Map(MapOptions.DirectOrEmulated);
        left.Write(12288 + 64 + 40, 1L);                        // a word of the second record that "did not arrive"
        using (PersistentLog opened = PersistentLog.Open(left))
        {
            Console.WriteLine(opened.Recovery);                 // the third one is whole, and left out all the same
            opened.Append(new byte[100]);                       // in the same place, with the same bytes
        }

        using (PersistentLog opened = PersistentLog.Open(left))
        {
            Console.WriteLine(opened.Recovery);                 // and what was left behind it does not come back
        }

        left.Write(12288 + 64 + 40, 2L);                        // that record was durable: somebody has damaged it
        try
        {
            PersistentLog.Open(left);
        }
        catch (PersistentLogException damaged) when (damaged.Error == PersistentLogError.Damaged)
        {
            Console.WriteLine(damaged.Message.Replace(left.Path, "crashed.log"));
        }
        // end
    }

    [Example]
    internal static void Appender()
    {
        // begin Appender
        File.Delete("orders.log");
        using DirectFile file = DirectFile.Create("orders.log", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using PersistentLog log = PersistentLog.Create(region);
        using MappedRegion another = file.Map(MapOptions.DirectOrEmulated);
        try
        {
            PersistentLog.Open(another);
        }
        catch (PersistentLogException taken) when (taken.Error == PersistentLogError.Taken)
        {
            Console.WriteLine(taken.Message.Replace(file.Path, "orders.log"));
        }

        log.Detach();                                                 // lets the log go, as Dispose does
        using (PersistentLog meanwhile = PersistentLog.Open(another))
        {
            meanwhile.Append("first"u8);
        }

        log.Attach(region);                                           // would be refused while that one is open
        Console.WriteLine(log.Append("second"u8));
        // end
    }

    [Example]
    internal static void Ring()
    {
        // begin Ring
        File.Delete("trace.log");
        using DirectFile file = DirectFile.Create("trace.log", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.Page });
        using PersistentLog log = PersistentLog.Create(
            region, new PersistentLogOptions { Range = new FileRange(0, 16 << 10), IsRing = true });
        PersistentLogReader reader = log.Read();                                // any number of them, in any thread, while one appends
        for (int i = 1; i <= 200; i++)
        {
            log.Append(BitConverter.GetBytes(i));
        }

        try
        {
            reader.MoveNext();
        }
        catch (PersistentLogException overtaken) when (overtaken.Error == PersistentLogError.Overtaken)
        {
            Console.WriteLine($"missed {overtaken.Missed}");
        }

        reader.MoveNext();                                            // goes on with the oldest one that is there
        Console.WriteLine($"{reader.Current.Sequence}: {BitConverter.ToInt32(reader.Current.Bytes.Span)}");
        // end
    }

    [Example]
    internal static async Task Follow()
    {
        // begin Follow
        File.Delete("orders.log");
        using DirectFile file = DirectFile.Create("orders.log", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using PersistentLog log = PersistentLog.Create(region);       // in this process, or in another one

        using DirectFile sameFile = DirectFile.Open("orders.log", new DirectFileOptions { Access = FileAccess.Read });
        using MappedRegion forReading = sameFile.Map(MapOptions.Ordinary);
        using PersistentLogFollower follower = PersistentLogFollower.Open(forReading);
        Task following = Task.Run(async () =>
        {
            await foreach (PersistentLogEntry entry in follower.FollowAsync())  // what is there, and then what comes
            {
                Console.WriteLine($"{entry.Sequence}: {Encoding.UTF8.GetString(entry.Bytes.Span)}");
                if (entry.Sequence == 2)
                {
                    break;                                            // it does not end by itself
                }
            }
        });
        log.Append("first"u8);
        log.Append("second"u8);
        await following;

        PersistentLogWriter writer = follower.Writer;
        log.Dispose();
        Console.WriteLine($"{writer.State}, then {(await follower.WaitForWriterAsync(writer)).State}");
        // end
    }

    [Example]
    internal static void Inspect()
    {
        // begin Inspect
        File.Delete("orders.log");
        using DirectFile file = DirectFile.Create("orders.log", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using PersistentLog log = PersistentLog.Create(region);
        log.Append("first"u8);
        log.AppendBatch([new byte[100], "third"u8.ToArray()]);
        File.Copy("orders.log", "crashed.log", overwrite: true);

        using DirectFile crashed = DirectFile.Open("crashed.log");
        using MappedRegion left = crashed.Map(MapOptions.DirectOrEmulated);
        left.Write(12288 + 64 + 40, 1L);                              // a word of the second record that "did not arrive"
        PersistentLogInspection inspection = PersistentLogInspection.Of(left);
        Console.WriteLine(inspection.Recovery);
        Console.WriteLine($"left over: {string.Join(", ", inspection.LeftOver)}");
        foreach (PersistentLogEntry entry in inspection.ReadLeftOver())
        {
            Console.WriteLine($"{entry.Sequence}: {Encoding.UTF8.GetString(entry.Bytes.Span)}");
        }
        // end
    }

    [Example]
    internal static async Task Break()
    {
        // begin Break
        File.Delete("orders.log");
        using DirectFile file = DirectFile.Create("orders.log", length: 1 << 20);
        using DirectFile other = DirectFile.Open("orders.log");
        TaskCompletionSource letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
        PersistentLog? log = null;
        MapOptions options = MapOptions.DirectOrEmulated with
        {
            WhenUnavailable = WhenUnavailable.Wait,
            OnBreak = (region, why) =>
            {
                using (region)                       // goes last: then the breaker goes on
                {
                    log!.Detach();                   // the record under way is finished, and all of them are durable
                }

                letGo.SetResult();
            },
        };
        PersistentLogOptions where = new() { Range = new FileRange(0, 512 << 10) };
        log = PersistentLog.Create(file.Map(options), where);
        await log.AppendAsync("before"u8.ToArray());

        other.Write(new byte[100], fileOffset: 800 << 10);              // somebody wants the file; it returns when that is done
        await letGo.Task;
        Task<long> meanwhile = log.AppendAsync("meanwhile"u8.ToArray()).AsTask();   // waits, and loses nothing
        using MappedRegion fresh = await file.MapAsync(options);        // waits for the breaker
        log.Attach(fresh);
        Console.WriteLine($"{await meanwhile}, {log.Append("after"u8)}");
        log.Dispose();
        // end
    }
}
