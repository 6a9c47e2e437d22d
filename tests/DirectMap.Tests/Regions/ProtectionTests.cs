using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

/// <summary>What a region's file is protected from, as it is now, and the event when it changes.</summary>
public abstract class ProtectionTests : FileTest
{
    private const ProtectionLevel More = (ProtectionLevel)50; // none that there is today

    private readonly ConcurrentQueue<Exception> _failures = new();
    private OutsideSeat? _seat;

    internal ProtectionTests(FileBackingKind backing)
        : base(backing) => Coordinator.Services.CallbackFailed = _failures.Enqueue;

    [Fact]
    public void It_is_this_process_where_nobody_outside_has_a_say_and_the_witness_has_one()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        if (Backing == FileBackingKind.Portable)
        {
            Assert.Equal((ProtectionLevel.ThisProcess, FileArbiter.Unnoticed), (region.Protection.Level, region.Protection.Reason));
        }
        else
        {
            Assert.Equal(ProtectionLevel.Watched, region.Protection.Level);
        }
    }

    [Fact]
    public void A_change_is_seen_by_every_region_of_the_file_and_told_to_those_that_asked()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion one = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion other = file.Map(MapOptions.DirectOrEmulated);
        ConcurrentQueue<(object? Sender, Protection Told)> heard = new();
        one.ProtectionChanged += (sender, told) => heard.Enqueue((sender, told));
        Protection[] levels = [new(More + 1, "proved"), new(More, "the queue has overflowed")];

        foreach (Protection level in levels)
        {
            _seat!.SetLevel(level);
            Assert.Equal((level, level), (one.Protection, other.Protection));
        }

        Soon.Until(() => heard.Count == levels.Length, "both changes are told");
        Assert.Equal(levels.Select(level => ((object?)one, level)), heard);
    }

    [Fact]
    public void A_handler_that_throws_is_reported_and_the_others_are_called()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        ConcurrentQueue<string> heard = new();
        region.ProtectionChanged += static (_, _) => throw new InvalidTimeZoneException("the user's");
        region.ProtectionChanged += (_, told) => heard.Enqueue(told.Reason);

        _seat!.SetLevel(new Protection(More, "first"));
        _seat.SetLevel(new Protection(More, "second"));

        Soon.Until(() => heard.Count == 2 && _failures.Count == 2, "both are told and reported");
        Assert.Equal(["first", "second"], heard);
        Assert.All(_failures, failure => Assert.IsType<InvalidTimeZoneException>(failure));
    }

    [Fact]
    public void A_handler_that_was_removed_and_those_of_a_disposed_region_hear_nothing()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion disposed = file.Map(MapOptions.DirectOrEmulated);
        ConcurrentQueue<string> heard = new();
        EventHandler<Protection> removed = (_, _) => heard.Enqueue("removed");
        region.ProtectionChanged += removed;
        region.ProtectionChanged -= removed;
        using MappedRegion silent = file.Map(MapOptions.DirectOrEmulated); // which nobody has asked in time
        silent.Dispose();
        silent.ProtectionChanged += (_, _) => heard.Enqueue("the first one, too late");
        disposed.ProtectionChanged += (_, _) => heard.Enqueue("disposed");
        disposed.Dispose();
        disposed.ProtectionChanged += (_, _) => heard.Enqueue("too late");
        region.ProtectionChanged += (_, told) => heard.Enqueue(told.Reason);

        _seat!.SetLevel(new Protection(More, "told"));
        _seat.SetLevel(new Protection(More, "told again"));

        Soon.Until(() => heard.Contains("told again"), "the last one is told");
        Assert.Equal(["told", "told again"], heard);
        Assert.Equal((ProtectionLevel.None, "the region holds no lease any more"), (disposed.Protection.Level, disposed.Protection.Reason));
    }

    [Fact]
    public void When_a_handler_has_disposed_the_region_the_others_hear_nothing()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion witness = file.Map(MapOptions.DirectOrEmulated);
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        ConcurrentQueue<string> heard = new();
        using ManualResetEventSlim isDisposed = new();
        region.ProtectionChanged += (_, _) =>
        {
            region.Dispose();
            ThreadPool.UnsafeQueueUserWorkItem(_ => isDisposed.Set(), null);
        };
        region.ProtectionChanged += (_, told) => heard.Enqueue(told.Reason);
        ConcurrentQueue<string> witnessed = new();
        witness.ProtectionChanged += (_, told) => witnessed.Enqueue(told.Reason);

        _seat!.SetLevel(new Protection(More, "told"));
        Assert.True(isDisposed.Wait(Soon.Patience));
        _seat.SetLevel(new Protection(More, "told again"));

        Soon.Until(() => witnessed.Contains("told again"), "the other region hears");
        Assert.Empty(heard);
    }

    [Fact]
    public void An_ordinary_mapping_keeps_its_words()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        using MappedRegion direct = file.Map(MapOptions.DirectOrEmulated);
        ConcurrentQueue<string> heard = new();
        region.ProtectionChanged += (_, _) => heard.Enqueue("ordinary");
        direct.ProtectionChanged += (_, told) => heard.Enqueue(told.Reason);

        _seat!.SetLevel(new Protection(More, "told"));

        Soon.Until(() => heard.Contains("told"), "the direct mapping hears of it");
        Assert.Equal(["told"], heard);
        Assert.Equal(ProtectionLevel.None, region.Protection.Level);
    }

    [Fact]
    public void Inside_a_handler_nothing_waits_for_a_lease()
    {
        using DirectFile file = CreateWatched();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        ConcurrentQueue<Exception?> thrown = new();
        region.ProtectionChanged += (_, _) => thrown.Enqueue(Record.Exception(() => other.Write([1], 0)));

        _seat!.SetLevel(new Protection(More, "told"));

        Soon.Until(() => !thrown.IsEmpty, "the handler is called");
        Assert.True(thrown.TryDequeue(out Exception? exception));
        Assert.Equal(LeaseConflict.Deadlock, Assert.IsType<LeaseConflictException>(exception).Conflict);
    }

    /// <summary>Also where the handler refers to it.</summary>
    [Fact]
    public void A_handler_keeps_no_forgotten_region()
    {
        using DirectFile file = CreateWatched();
        WeakReference region = Forget(file);

        Soon.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !region.IsAlive;
            },
            "the region is collected");

        _seat!.SetLevel(new Protection(More, "nobody hears of it"));
        Soon.Until(() => file.GetLeases().Count == 0, "its lease is gone");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Forget(DirectFile file)
    {
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.ProtectionChanged += (_, _) => GC.KeepAlive(region);
        return new WeakReference(region);
    }

    private DirectFile CreateWatched()
    {
        DirectFile file = Create();
        InodeTable.Find(file.Id)!.Arbiter.Attach(seat =>
        {
            _seat = seat;
            return new TestParty(seat, "a", new ConcurrentQueue<string>());
        });
        return file;
    }
}
