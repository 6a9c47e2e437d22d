using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

public abstract class ScopeTests(FileBackingKind backing) : RegionTest(length: 64 << 10, backing)
{
    [Fact]
    public void What_is_written_through_the_span_is_in_the_file()
    {
        using (RegionScope scope = Region.OpenScope(4096, 100))
        {
            scope.Span.Fill(7);
            Assert.Equal(100, scope.ReadOnlySpan.Length);
            scope.Complete();
            scope.Complete();
        }

        Assert.Equal(7, Region.Read<byte>(4096));
        Assert.Equal(7, Region.Read<byte>(4195));
        Assert.Equal(0, Region.Read<byte>(4196));
    }

    [Fact]
    public void A_scope_may_be_empty_and_at_the_very_end()
    {
        using RegionScope scope = Region.OpenScope(Region.Length, 0);
        Assert.True(scope.Span.IsEmpty);
        scope.Complete();
    }

    [Fact]
    public void Complete_throws_when_the_region_was_disposed_meanwhile()
    {
        NeedsLinuxBacking("what an open scope writes after Dispose still reaches the file: CooperativeRevocationTests");
        bool thrown = false;
        using (RegionScope scope = Region.OpenScope(0, 8))
        {
            Region.Dispose();
            scope.Span.Fill(1); // goes nowhere, and does not end the process
            try
            {
                scope.Complete();
            }
            catch (ObjectDisposedException)
            {
                thrown = true;
            }
        }

        Assert.True(thrown);
        Assert.All(File.ReadAllBytes(TheFile.Path), value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_closed_scope_cannot_be_used_and_closing_it_twice_or_through_a_copy_closes_no_other()
    {
        RegionScope first = Region.OpenScope(0, 8);
        RegionScope copy = first;
        first.Dispose();
        RegionScope second = Region.OpenScope(0, 8); // takes the same slot
        copy.Dispose();
        first.Dispose();

        Assert.True(ScopeSlot.AnyOpen(Region.Core));
        Assert.True(Throws(ref first));
        Assert.True(Throws(ref copy));
        Assert.False(Throws(ref second));
        second.Dispose();
        Assert.False(ScopeSlot.AnyOpen(Region.Core));

        static bool Throws(ref RegionScope scope)
        {
            try
            {
                _ = scope.Span;
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }
    }

    [Fact]
    public async Task DisposeAsync_gives_up_on_a_forgotten_scope_also_where_the_break_time_is_for_ever()
    {
        LeaseCoordinator patient = new(new LeaseCoordinatorOptions { TimeProvider = Clock, LeaseBreakTime = TimeSpan.Zero });
        using DirectFile file = DirectFile.Create(Folder.File("patient"), 4096, Options with { Coordinator = patient });
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using ParkedThread forgetful = new(park =>
        {
            using RegionScope scope = region.OpenScope(0, 8);
            park();
        });

        Task disposal = region.DisposeAsync().AsTask();
        Soon.Until(() => region.State == RegionState.Releasing, "the region is being released");
        Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.False(disposal.IsCompleted);

        Soon.Until(
            () =>
            {
                Clock.Advance(TimeSpan.FromSeconds(1));
                return disposal.IsCompleted;
            },
            "the bound ends the disposal");
        await disposal;
        Assert.Equal(RegionState.Disposed, region.State);
    }

    [Fact]
    public void An_access_after_a_region_let_go_says_who_had_asked_for_the_file()
    {
        using DirectFile other = Open();
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 100, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        Region.Dispose();

        string message = Assert.Throws<ObjectDisposedException>(() => Region.Read<long>(0)).Message;

        Assert.Contains("Write of [100, 101)", message, StringComparison.Ordinal);
        Assert.Contains(" had asked for the file. Map the file again.", message, StringComparison.Ordinal);
        Assert.DoesNotContain("is not known", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_default_scope_is_a_closed_one()
    {
        RegionScope scope = default;
        bool thrown = false;
        try
        {
            scope.Complete();
        }
        catch (ObjectDisposedException)
        {
            thrown = true;
        }

        Assert.True(thrown);
        scope.Dispose();
    }

    [Fact]
    public async Task ReleaseAsync_waits_for_open_scopes_of_other_threads_and_then_lets_go()
    {
        using ParkedThread other = new(park =>
        {
            using RegionScope scope = Region.OpenScope(0, 8);
            park();
            scope.Span.Fill(9);
            scope.Complete();
        });

        Task<bool> release = Region.ReleaseAsync();
        Soon.Until(() => Region.State == RegionState.Releasing, "the release begins");
        Assert.Throws<ObjectDisposedException>(() => { Region.OpenScope(0, 1).Dispose(); });
        Assert.Equal(0L, Region.Read<long>(0)); // plain accesses go on
        Assert.False(release.IsCompleted);
        Assert.Null(other.Finish());

        Assert.True(await release.Within());
        Assert.Equal(RegionState.Disposed, Region.State);
        byte[] read = new byte[8];
        TheFile.Read(read, 0);
        Assert.All(read, value => Assert.Equal(9, value));
        Assert.True(await Region.ReleaseAsync());
    }

    [Fact]
    public async Task ReleaseAsync_waits_for_all_scopes_also_nested_ones_closed_in_any_order()
    {
        using ParkedThread other = new(park =>
        {
            RegionScope a = Region.OpenScope(0, 8);
            RegionScope b = Region.OpenScope(8, 8);
            RegionScope c = Region.OpenScope(16, 8);
            RegionScope d = Region.OpenScope(24, 8);
            RegionScope e = Region.OpenScope(32, 8);
            park();
            a.Dispose();
            c.Dispose();
            e.Dispose();
            b.Dispose();
            Assert.Equal(RegionState.Releasing, Region.State);
            d.Dispose();
        });

        Task<bool> release = Region.ReleaseAsync();
        Soon.Until(() => Region.State == RegionState.Releasing, "the release begins");
        Assert.Null(other.Finish());

        Assert.True(await release.Within());
    }

    [Fact]
    public async Task ReleaseAsync_lets_go_after_its_bound_and_the_scope_learns_of_it()
    {
        Exception? complete = null;
        using ParkedThread other = new(park =>
        {
            using RegionScope scope = Region.OpenScope(0, 8);
            park();
            try
            {
                scope.Complete();
            }
            catch (ObjectDisposedException exception)
            {
                complete = exception;
            }
        });
        Task<bool> release = Region.ReleaseAsync(TimeSpan.FromSeconds(3));
        Soon.Until(() => Region.State == RegionState.Releasing, "the release begins");

        while (!release.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromSeconds(3)); // its timer may not stand yet at the first step
            Thread.Yield();
        }

        Assert.False(await release);
        Assert.Null(other.Finish());
        Assert.NotNull(complete);
    }

    [Fact]
    public async Task A_revocation_ends_the_drain()
    {
        NeedsLinuxBacking("an open scope keeps the file mapped: CooperativeRevocationTests");
        using ParkedThread other = new(park =>
        {
            using RegionScope scope = Region.OpenScope(0, 8);
            park();
        });
        using DirectFile breaker = Open();
        Task writing = breaker.WriteAsync(new byte[] { 1 }, 0).AsTask();
        Task<bool> release = Region.ReleaseAsync(Timeout.InfiniteTimeSpan);

        PassDeadline();

        await writing.Within();
        Assert.False(await release.Within());
    }

    [Fact]
    public async Task A_thread_that_ended_with_an_open_scope_holds_nobody_up()
    {
        Thread forgetful = new(() => Region.OpenScope(0, 8));
        forgetful.Start();
        forgetful.Join();

        Assert.True(await Region.ReleaseAsync().Within());
    }

    [Fact]
    public async Task A_thread_that_ends_with_an_open_scope_while_the_release_waits_holds_nobody_up()
    {
        using ParkedThread forgetful = new(park =>
        {
            Region.OpenScope(0, 8);
            park();
        });
        Task<bool> release = Region.ReleaseAsync(Timeout.InfiniteTimeSpan);
        Soon.Until(() => Region.State == RegionState.Releasing, "the release begins");
        forgetful.Finish();

        while (!release.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromSeconds(1)); // it looks again from time to time
            Thread.Yield();
        }

        Assert.True(await release);
    }

    [Fact]
    public async Task A_release_that_does_not_wait_lets_go_at_once()
    {
        using ParkedThread other = new(park =>
        {
            using RegionScope scope = Region.OpenScope(0, 8);
            park();
        });

        Assert.False(await Region.ReleaseAsync(TimeSpan.Zero).Within());
    }

    [Fact]
    public void A_bound_outside_its_range_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = Region.ReleaseAsync(TimeSpan.FromSeconds(-1)); });

    [Fact]
    public async Task DisposeAsync_releases()
    {
        await Region.DisposeAsync();
        Assert.Equal(RegionState.Disposed, Region.State);
    }
}
