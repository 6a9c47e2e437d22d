namespace DirectMap.Tests.Docs.Examples;

internal static class LeasesExamples
{
    [Example]
    internal static void Callback()
    {
        // begin Callback
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated with
        {
            OnBreak = (self, why) =>
            {
                Console.WriteLine($"{why.Operation} of {why.Range}"); // also: why.Breaker, why.Deadline
                self.Persist();                                       // still fully usable
                self.Dispose();                                       // let go: the breaker goes on at this moment
            },
        });

        using DirectFile other = DirectFile.Open("ledger.pmem");      // another owner, so a breaker
        other.Write([1, 2, 3], fileOffset: 0);                        // returns when the holder has let go and the bytes are written
        Console.WriteLine(region.State);
        // end
    }

    [Example]
    internal static async Task Awaiting()
    {
        // begin Awaiting
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Task holder = LetGoWhenAsked(region);

        using DirectFile other = DirectFile.Open("ledger.pmem");
        await other.WriteAsync(new byte[] { 1, 2, 3 }, fileOffset: 0);
        await holder;

        static async Task LetGoWhenAsked(MappedRegion region)
        {
            // an ordinary mapping has no lease; the wait is null when the region was released before anybody asked
            if (region.Lease is { } lease && await lease.WaitForBreakAsync() is not null)
            {
                region.Persist();
                await region.ReleaseAsync();                          // refuses new scopes, waits for the open ones, lets go
            }
        }
        // end

        Assert.Equal(RegionState.Disposed, region.State);
    }

    [Example]
    internal static async Task Token()
    {
        // begin Token
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        CancellationToken breaking = region.Lease!.Breaking;          // not null: only an ordinary mapping has no lease
        Task worker = Task.Run(() =>
        {
            for (long count = 0; !breaking.IsCancellationRequested; count++)
            {
                region.Write(0, count);
            }

            region.Persist();
            region.Dispose();
        });

        using DirectFile other = DirectFile.Open("ledger.pmem");
        await other.WriteAsync(new byte[] { 1, 2, 3 }, fileOffset: 4096);
        await worker;
        // end
    }

    [Example]
    internal static void Deadline()
    {
        // begin Deadline
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromSeconds(1) });
        DirectFileOptions options = new() { Coordinator = coordinator };

        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20, options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated); // a holder that is never told, and never lets go

        using DirectFile other = DirectFile.Open("ledger.pmem", options);
        other.SetLength(4096);                                        // goes on after one second
        try
        {
            region.Write(0, 42L);
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause} by {fault.Break!.Operation}");
        }
        // end
    }

    [Example]
    internal static async Task NonBlocking()
    {
        // begin NonBlocking
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (self, why) => self.Dispose() });

        using DirectFile other = DirectFile.Open("ledger.pmem");
        for (bool isDone = false; !isDone;)
        {
            try
            {
                other.Write([1, 2, 3], fileOffset: 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse });
                isDone = true;
            }
            catch (LeaseConflictException conflict) when (conflict.Conflict == LeaseConflict.WouldBlock)
            {
                await Task.Delay(10); // other work; the break has begun, conflict.Break?.Deadline says when it ends at the latest
            }
        }
        // end

        Assert.Equal(RegionState.Disposed, region.State);
    }

    [Example]
    internal static async Task HeldRight()
    {
        // begin HeldRight
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        await using (ILayoutRight right = await file.BreakLayoutAsync(
            FileRange.Whole, new BreakOptions { Timeout = TimeSpan.FromSeconds(60) }))
        {
            file.SetLength(0);
            file.SetLength(2 << 20);
            file.Write(new byte[2 << 20], fileOffset: 0);
        }
        // end

        Assert.Equal(2 << 20, new FileInfo("ledger.pmem").Length);
    }

    [Example]
    internal static void OneThread()
    {
        // begin OneThread
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        file.Write([1], fileOffset: 0);                               // the owner's own: breaks nothing

        using DirectFile other = DirectFile.Open("ledger.pmem");      // the same file, another owner
        try
        {
            other.Write([1], fileOffset: 0, new BreakOptions { Timeout = TimeSpan.FromMilliseconds(100) });
        }
        catch (TimeoutException)
        {
            // the break goes on; without a timeout this thread would wait for itself until the deadline
            Console.WriteLine(region.State);
        }

        try
        {
            file.Write([1], fileOffset: 0);
        }
        catch (LeaseConflictException conflict)
        {
            Console.WriteLine(conflict.Conflict);                     // EDEADLK: let go first
        }

        region.Dispose();
        file.Write([1], fileOffset: 0);
        // end
    }

    [Example]
    internal static void Freeze()
    {
        // begin Freeze
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        using DirectFile other = DirectFile.Open("ledger.pmem");
        using (ILayoutLease frozen = file.AcquireLease(new LeaseOptions { Range = new FileRange(0, 65536) }))
        {
            long holes = file.GetExtents(frozen.Range).Count(extent => extent.Flags == ExtentFlags.Hole);
            Console.WriteLine(holes);                                 // stays true while frozen.State is Active

            other.Write([1, 2, 3], fileOffset: 1 << 19);              // beside the range: breaks nothing
            Console.WriteLine(frozen.State);
        }
        // end
    }

    [Example]
    internal static void MappedRange()
    {
        // begin MappedRange
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(
            MapOptions.DirectOrEmulated with { Range = new FileRange(0, 65536), LeaseCoverage = LeaseCoverage.MappedRange });

        using DirectFile other = DirectFile.Open("ledger.pmem");
        other.Write([4], fileOffset: 1 << 19);                        // beside it: goes on at once
        Console.WriteLine(region.State);
        // end
    }

    [Example]
    internal static void Exclusive()
    {
        // begin Exclusive
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        using DirectFile other = DirectFile.Open("ledger.pmem");
        using ILayoutLease lease = file.AcquireLease(new LeaseOptions { Mode = LeaseMode.Exclusive });
        try
        {
            other.SetLength(100);
        }
        catch (LeaseConflictException conflict) when (conflict.Conflict == LeaseConflict.ExclusivelyHeld)
        {
            Console.WriteLine(lease.State);                           // ETXTBSY for the other one, and nothing was broken
        }

        file.SetLength(2 << 20);                                      // the owner's own
        lease.Downgrade();                                            // shared from here on
        // end

        Assert.Equal(LeaseMode.Shared, lease.Mode);
    }

    [Example]
    internal static void Looking()
    {
        // begin Looking
        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Console.WriteLine(DirectFileFactory.Default.Coordinator.Snapshot(file.Id));
        // end
    }

    [Example]
    internal static async Task Diagnosed()
    {
        // begin Diagnosed
        TaskCompletionSource<DiagnosticFinding> found = new();
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions
        {
            LeaseBreakTime = TimeSpan.FromSeconds(1),
            Diagnostics = finding => found.TrySetResult(finding),     // in a program: log finding.ToString()
        });
        DirectFileOptions options = new() { Coordinator = coordinator };

        File.Delete("ledger.pmem");
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20, options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated); // never lets go
        using DirectFile other = DirectFile.Open("ledger.pmem", options);
        await other.WriteAsync(new byte[] { 1 }, fileOffset: 0);

        Console.WriteLine(await found.Task);
        // end
    }
}
