using System.Collections.Concurrent;
using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;

namespace DirectMap.Tests.Threading;

/// <summary>
/// Threads that are interrupted all the time, in every synchronous call. Whatever the interrupt hits: nobody waits for ever, the library
/// keeps no descriptor, mapping, lease or right that nobody has, and what is disposed never throws.
/// </summary>
public abstract class InterruptTests(FileBackingKind backing, bool isDiagnosed = false) : FileTest(backing)
{
    private const int Length = 256 << 10;
    private const int Threads = 6;

    private static readonly TimeSpan s_duration = TimeSpan.FromMilliseconds(600);

    private readonly ConcurrentQueue<Exception> _unexpected = [];

    /// <summary>Of a clock that goes on, since breaks of leases that nobody lets go of end by it.</summary>
    private readonly DirectFileOptions _options = new()
    {
        Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions
        {
            LeaseBreakTime = TimeSpan.FromSeconds(2),
            Diagnostics = isDiagnosed ? _ => { } : null,
        }),
        Backing = backing,
    };

    private string[] Paths => [Folder.File("one"), Folder.File("two")];

    [Fact]
    public void Who_persists_keeps_nobody_waiting()
    {
        DirectFile.Create(Paths[0], Length, _options).Dispose();
        using DirectFile file = DirectFile.Open(Paths[0], _options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.Page });

        Interrupt((i, _) =>
        {
            region.Write(i * PageSize, (long)i);
            region.Persist(i * PageSize, sizeof(long));
        });

        region.Persist();
    }

    [Fact]
    public void Who_opens_and_disposes_leaves_nothing_open()
    {
        DirectFile.Create(Paths[0], Length, _options).Dispose();

        Interrupt((_, _) => DirectFile.Open(Paths[0], _options).Dispose());

        AssertNothingIsLeft();
    }

    [Fact]
    public void Operations_on_two_files_leave_no_right_to_nobody()
    {
        Array.ForEach(Paths, path => DirectFile.Create(path, Length, _options).Dispose());

        Interrupt((i, round) =>
        {
            using DirectFile source = DirectFile.Open(Paths[i % 2], _options);
            using DirectFile target = DirectFile.Open(Paths[1 - (i % 2)], _options);
            if (i < 2)
            {
                using ILayoutRight right = source.BreakLayout(FileRange.Whole);
                Thread.Yield();
                return;
            }

            target.CopyFrom(source, 0, 0, PageSize);
        });

        AssertNothingIsLeft();
    }

    [Fact]
    public void Writers_that_let_go_leave_no_mapping_and_no_lease()
    {
        Array.ForEach(Paths, path => DirectFile.Create(path, Length, _options).Dispose());

        Interrupt((i, _) =>
        {
            using DirectFile file = DirectFile.Open(Paths[0], _options);
            if (i == 0)
            {
                file.Write(new byte[10], i);
                return;
            }

            RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated, i * PageSize);
            try
            {
                writer.GetSpan(8)[..8].Fill(1);
                writer.Advance(8);
            }
            finally
            {
                writer.Complete();
            }
        });

        AssertNothingIsLeft();
    }

    [Fact]
    public void Regions_and_scopes_are_let_go()
    {
        DirectFile.Create(Paths[0], Length, _options).Dispose();
        using DirectFile file = DirectFile.Open(Paths[0], _options);

        Interrupt((i, round) =>
        {
            if (i == 0)
            {
                using DirectFile other = DirectFile.Open(Paths[0], _options);
                using ILayoutRight right = other.BreakLayout(FileRange.Whole);
                return;
            }

            MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait });
            try
            {
                RegionScope scope = region.OpenScope(0, PageSize);
                _ = scope.ReadOnlySpan[0];
                Close(ref scope);
            }
            finally
            {
                Never(region.Dispose);
            }
        });

        file.Dispose();
        AssertNothingIsLeft();
    }

    [Fact]
    public void A_region_is_disposed_whose_scopes_threads_have_left_open()
    {
        DirectFile.Create(Paths[0], Length, _options).Dispose();
        using DirectFile file = DirectFile.Open(Paths[0], _options);
        MapOptions ordinary = MapOptions.Ordinary;
        MappedRegion? shared = null;

        Interrupt((i, _) =>
        {
            if (i < 4)
            {
                if (Volatile.Read(ref shared) is { } used)
                {
                    UseScopes(used);
                }

                return;
            }

            MappedRegion region = file.Map(ordinary);
            Volatile.Write(ref shared, region);
            Thread forgetful = new(() => LeaveOpen(region)) { IsBackground = true };
            try
            {
                forgetful.Start();
                forgetful.Join();
            }
            finally
            {
                Uninterrupted.Run(forgetful, static thread => thread.Join());
                Never(region.Dispose);
            }
        });

        file.Dispose();
        AssertNothingIsLeft();
    }

    public override void Dispose()
    {
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    private void UseScopes(MappedRegion region)
    {
        try
        {
            for (int at = 0; at < 1000; at++)
            {
                RegionScope scope = region.OpenScope(at, 1);
                try
                {
                    scope.Complete();
                }
                finally
                {
                    Close(ref scope);
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // By another thread.
        }
    }

    private static void LeaveOpen(MappedRegion region)
    {
        for (int at = 0; at < 1000; at++)
        {
            _ = region.OpenScope(at, 1).ReadOnlySpan.Length;
        }
    }

    /// <summary>Runs something in some threads, which are interrupted as fast as it goes.</summary>
    private void Interrupt(Action<int, int> action)
    {
        int rounds = 0;
        int done = 0;
        long until = Environment.TickCount64 + (long)s_duration.TotalMilliseconds;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(i => new Thread(() => Run(i)) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        while (Volatile.Read(ref done) < Threads && Environment.TickCount64 < until + Soon.Patience.TotalMilliseconds)
        {
            if (Environment.TickCount64 < until)
            {
                Array.ForEach(threads, thread => thread.Interrupt());
            }

            Thread.Yield();
        }

        Assert.True(done == Threads, $"{Threads - done} of the threads wait for ever");
        Assert.Empty(_unexpected);
        Assert.True(rounds > Threads, "hardly anything was done");

        void Run(int i)
        {
            for (int round = 0; Environment.TickCount64 < until; round++)
            {
                Interlocked.Increment(ref rounds);
                try
                {
                    action(i, round);
                }
                catch (ThreadInterruptedException)
                {
                    // While it waited for somebody, as documented.
                }
                catch (Exception exception) when (exception is LeaseConflictException or MapRefusedException
                    or MappingFaultException { Cause: FaultCause.Revoked })
                {
                    // Somebody else was in the way.
                }
                catch (Exception exception)
                {
                    _unexpected.Enqueue(exception);
                }
            }

            Interlocked.Increment(ref done);
        }
    }

    private void Never(Action action)
    {
        try
        {
            action();
        }
        catch (ThreadInterruptedException exception)
        {
            _unexpected.Enqueue(exception);
        }
    }

    /// <summary>It never throws.</summary>
    private void Close(ref RegionScope scope)
    {
        try
        {
            scope.Dispose();
        }
        catch (ThreadInterruptedException exception)
        {
            _unexpected.Enqueue(exception);
        }
    }

    private void AssertNothingIsLeft()
    {
        LeaseSnapshot left = ((LeaseCoordinator)_options.Coordinator!).Snapshot();
        Assert.True(left.Leases.Count + left.Breakers.Count + left.Waiters.Count == 0, left.ToString());

        // A sync that was under way when its caller was interrupted ends on the pool, and keeps what it syncs until then.
        Soon.Until(
            () => ProcSelf.DescriptorsOf(Folder.Path) + ProcSelf.MappingsOf(Folder.Path) == 0, "no descriptor and no mapping is left");

        // Under another coordinator: nothing in the process has it open.
        DirectFile.Open(Paths[0], Options).Dispose();
    }
}

public sealed class LinuxInterruptTests() : InterruptTests(FileBackingKind.Linux);

public sealed class PortableInterruptTests() : InterruptTests(FileBackingKind.Portable);

public sealed class DiagnosedInterruptTests() : InterruptTests(FileBackingKind.Linux, isDiagnosed: true);
