using System.Diagnostics;
using DirectMap.Breakers;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>What becomes of a breaker when the holder is slow, deaf, stopped or gone.</summary>
public sealed class HolderFateTests(ForeignProgram program) : HoldingTest(program)
{
    private static readonly MapOptions s_waits = new() { WhenUnavailable = WhenUnavailable.Wait };

    [Fact]
    public void A_deaf_holder_is_revoked_at_the_deadline_and_its_later_stores_do_not_reach_the_file()
    {
        using DirectFile file = Guarded(Short);
        using MappedRegion region = Map(file);
        region.Write(8192, 1);
        ForeignProcess breaker = Writer();
        int late = 0;
        using (RegionScope scope = region.OpenScope(0, 64 << 10))
        {
            long begin = Stopwatch.GetTimestamp();
            Assert.Equal(new ForeignProcess.Answer(0, 10), breaker.Do("pwrite 0 10"));
            Assert.InRange(Stopwatch.GetElapsedTime(begin), Short - TimeSpan.FromMilliseconds(1), Short + TimeSpan.FromSeconds(1));
            Assert.Equal(RegionState.Revoked, region.State);

            late = StoreThrough(scope);
        }

        Assert.Equal(77, late);
        Assert.Throws<MappingFaultException>(() => region.Write(4096, 1));
        byte[] content = File.ReadAllBytes(file.Path);
        Assert.Equal("ffffffffff"u8.ToArray(), content[..10]);
        Assert.Equal(1, content[8192]);
        Assert.All(content[16384..], one => Assert.Equal(0, one));
        AssertCanBeMapped(file);
    }

    [Fact]
    public async Task A_holder_that_hangs_in_its_callback_is_revoked_at_the_deadline()
    {
        using DirectFile file = Guarded(Short);
        using ManualResetEventSlim go = new();
        using MappedRegion region = file.Map(new MapOptions
        {
            OnBreak = (_, told) =>
            {
                Told.Enqueue(told);
                go.Wait();
            }
        });
        ForeignProcess breaker = Writer();
        long begin = Stopwatch.GetTimestamp();
        try
        {
            Assert.Equal(0, (await breaker.Begin("pwrite 0 10").Within()).Errno);
            Assert.InRange(Stopwatch.GetElapsedTime(begin), Short - TimeSpan.FromMilliseconds(1), Short + TimeSpan.FromSeconds(2));
            Assert.Equal(RegionState.Revoked, region.State);
        }
        finally
        {
            go.Set();
        }
    }

    [Fact]
    public async Task Where_a_revocation_fails_the_breaker_is_refused_and_so_is_the_next_one()
    {
        Guarded(Short).Dispose(); // Makes the file.
        using DirectFile file = Revoking(static () => throw new IOException("the pages cannot be replaced"));
        using MappedRegion region = Map(file);
        ForeignProcess breaker = Writer();

        Assert.Equal(ForeignProcess.EBUSY, (await breaker.Begin("pwrite 0 10").Within()).Errno);
        Assert.Equal(ForeignProcess.EBUSY, (await breaker.Begin("ftruncate 0").Within()).Errno);

        byte[] content = await File.ReadAllBytesAsync(file.Path);
        Assert.Equal(new byte[64 << 10], content);
        region.Write(0, 1); // It is still the file's.
        Assert.Equal(1, (await File.ReadAllBytesAsync(file.Path))[0]);
    }

    [Fact]
    public async Task A_revocation_that_hangs_gives_the_breaker_up_after_the_grace()
    {
        Guarded(Short).Dispose();
        using ManualResetEventSlim go = new();
        using DirectFile file = Revoking(go.Wait);
        using MappedRegion region = Map(file);
        ForeignProcess breaker = Writer();
        long begin = Stopwatch.GetTimestamp();
        try
        {
            Assert.Equal(ForeignProcess.EBUSY, (await breaker.Begin("pwrite 0 10").Within()).Errno);
            TimeSpan limit = Short + ForeignBreaks.Grace;
            Assert.InRange(Stopwatch.GetElapsedTime(begin), limit - TimeSpan.FromMilliseconds(20), limit + TimeSpan.FromSeconds(1));
        }
        finally
        {
            go.Set();
        }

        Assert.Equal(0, (await File.ReadAllBytesAsync(file.Path))[0]);
    }

    [Fact]
    public async Task A_break_time_that_changes_is_that_of_breaks_which_begin_later()
    {
        using DirectFile file = Guarded(Long);
        MappedRegion region = Map(file);
        ForeignProcess breaker = Writer();
        Task<ForeignProcess.Answer> first = breaker.Begin("pwrite 0 10");
        AwaitBreaks();
        Arbiter.Services.LeaseBreakTime = Short;
        ForeignProcess other = Writer();
        Task<ForeignProcess.Answer> joined = other.Begin("pwrite 8192 10");

        Soon.Until(() => other.IsHeld, "the second breaker waits");
        Assert.False(
            await EndsWithin(joined, Short + ForeignBreaks.Grace + Short),
            "the second breaker was given up before the deadline that it has joined");
        Assert.Equal(RegionState.Breaking, region.State);
        region.Dispose();
        Assert.Equal((0, 0), ((await first.Within()).Errno, (await joined.Within()).Errno));

        using MappedRegion again = await file.MapAsync(s_waits).AsTask().Within();
        Assert.Equal(0, (await breaker.Begin("pwrite 0 10").Within()).Errno);
        Assert.Equal(RegionState.Revoked, again.State);
    }

    [Fact]
    public async Task While_a_lease_is_in_force_nothing_changes_though_it_is_released_at_that_moment()
    {
        const int Rounds = 200;
        using DirectFile file = Guarded(Long);
        ForeignProcess breaker = Writer();
        Random random = new(4);
        int before = 0;
        for (int round = 0; round < Rounds; round++)
        {
            MappedRegion region = await file.MapAsync(new MapOptions
            {
                WhenUnavailable = WhenUnavailable.Wait,
                OnBreak = round % 2 == 0 ? null : (held, _) => held.Dispose(),
            }).AsTask().Within();
            region.Write(0, 0L);
            Task<ForeignProcess.Answer> writing = breaker.Begin("pwrite 0 8");
            SpinFor(random.Next(400));
            try
            {
                Assert.Equal((round, 0), (round, region.Read<long>(0)));
                before += region.Lease!.State == LeaseState.Active ? 1 : 0;
            }
            catch (ObjectDisposedException)
            {
                // By its callback.
            }

            region.Dispose();
            Assert.Equal(new ForeignProcess.Answer(0, 8), await writing.Within());
        }

        Assert.InRange(before, 1, Rounds - 1); // Both orders came.
        AssertCanBeMapped(file);
    }

    [Fact]
    public async Task A_stopped_holder_is_waited_for_and_answers_at_once_when_it_continues()
    {
        using Process holder = StartHolder(Short);
        try
        {
            ForeignProcess breaker = Writer();
            Assert.Equal(0, PlainCalls.SignalProcess(holder.Id, ForeignProcess.SIGSTOP).Errno);
            Task<ForeignProcess.Answer> writing = breaker.Begin("pwrite 0 10");
            Soon.Until(() => breaker.IsHeld, "the breaker waits");
            Assert.False(await EndsWithin(writing, TimeSpan.FromSeconds(1)), "nobody can have answered");

            long begin = Stopwatch.GetTimestamp();
            Assert.Equal(0, PlainCalls.SignalProcess(holder.Id, ForeignProcess.SIGCONT).Errno);
            Assert.Equal(0, (await writing.Within()).Errno);
            Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        }
        finally
        {
            holder.Kill();
        }
    }

    [Fact]
    public async Task A_holder_that_is_stopped_during_a_break_answers_by_the_deadline_that_has_passed()
    {
        using Process holder = StartHolder(Short);
        try
        {
            ForeignProcess breaker = Writer();
            Task<ForeignProcess.Answer> writing = breaker.Begin("pwrite 0 10");
            Assert.Equal("breaking", await holder.StandardOutput.ReadLineAsync().Within());
            Assert.Equal(0, PlainCalls.SignalProcess(holder.Id, ForeignProcess.SIGSTOP).Errno);
            Assert.False(await EndsWithin(writing, TimeSpan.FromSeconds(2)), "nobody can have answered");

            Assert.Equal(0, PlainCalls.SignalProcess(holder.Id, ForeignProcess.SIGCONT).Errno);

            // By its deadline let go, or by the limit refused: which is first is the timers' luck.
            Assert.Contains((await writing.WaitAsync(TimeSpan.FromSeconds(2))).Errno, (int[])[0, ForeignProcess.EBUSY]);
        }
        finally
        {
            holder.Kill();
        }
    }

    [Theory]
    [InlineData("kill")]
    [InlineData("exit")]
    [InlineData("exec")]
    public async Task Who_waits_for_a_holder_that_is_gone_is_let_go_by_the_kernel(string how)
    {
        using Process holder = StartHolder(Long);
        try
        {
            ForeignProcess breaker = Writer();
            Task<ForeignProcess.Answer> writing = breaker.Begin("pwrite 0 10");
            Assert.Equal("breaking", await holder.StandardOutput.ReadLineAsync().Within());
            Assert.False(writing.IsCompleted);

            if (how == "kill")
            {
                holder.Kill();
            }
            else
            {
                await holder.StandardInput.WriteLineAsync(how);
                await holder.StandardInput.FlushAsync();
            }

            Assert.Equal((how, 0), (how, (await writing.Within()).Errno));
            Assert.Equal(how == "exec", !holder.HasExited && !holder.WaitForExit(how == "exec" ? 0 : 30_000));
        }
        finally
        {
            holder.Kill();
        }
    }

    [Fact]
    public unsafe void A_guarded_mapping_is_not_inherited_by_children()
    {
        using DirectFile file = Guarded(Long);
        using MappedRegion region = Map(file);

        Assert.Contains("dc", ProcSelf.FlagsAt((nint)region.AddressOf(0)));
    }

    /// <summary>A file whose holders' pages are not taken away, but something else is done.</summary>
    private DirectFile Revoking(Action instead) =>
        DirectFile.Open(
            Folder.File(), OptionsOf(Short) with { Coordinator = new RevokingOtherwise(OptionsOf(Short).Coordinator!, instead) });

    private Process StartHolder(TimeSpan breakTime)
    {
        Guarded(Long).Dispose(); // Makes the file.
        Process holder = ChildProcess.Start(
            HoldingCases.Hold,
            Folder.File(),
            ((int)breakTime.TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("ready", holder.StandardOutput.ReadLineAsync().Within().GetAwaiter().GetResult());
        return holder;
    }

    private static int StoreThrough(RegionScope scope)
    {
        scope.Span[16384] = 77;
        return scope.Span[16384];
    }

    private static void SpinFor(int microseconds)
    {
        long end = Stopwatch.GetTimestamp() + (microseconds * Stopwatch.Frequency / 1_000_000);
        while (Stopwatch.GetTimestamp() < end)
        {
            Thread.Yield();
        }
    }

    /// <summary>For what must not happen: it is waited for as long as it would have taken.</summary>
    private static async Task<bool> EndsWithin(Task task, TimeSpan time) => await Task.WhenAny(task, Task.Delay(time)) == task;

    private sealed class RevokingOtherwise(ILeaseCoordinator inner, Action instead) : PassingCoordinator(inner)
    {
        public override ILayoutLease Acquire(LeaseRequest request) => Inner.Acquire(request with { Revoke = _ => instead() });
    }
}
