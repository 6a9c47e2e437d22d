using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>
/// A party is let go when all is over that it has a say in: operations and leases keep the inode of a file that is closed.
/// </summary>
public abstract class PartyLifeTests(FileBackingKind backing) : FileTest(backing)
{
    private readonly ConcurrentQueue<string> _log = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_is_closed_while_it_is_written_lets_its_party_go_after_the_write(bool isAsync)
    {
        DirectFile file = Create();
        TestParty party = Attach(file);
        Inode inode = InodeTable.Find(file.Id)!;
        party.Clearing = (_, _) =>
        {
            file.Dispose();
            Assert.Same(inode, InodeTable.Find(inode.Id)); // Whoever opens it now has the layout that is about to change.
            return default;
        };

        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => isAsync ? file.WriteAsync(new byte[] { 1 }, 0).AsTask() : Do(() => file.Write([1], 0)));

        Assert.Equal(["a.clear", "a.end", "a.detach"], _log);
        Assert.Null(InodeTable.Find(inode.Id));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task So_does_the_source_of_an_operation_on_two_files(bool isAsync)
    {
        Assert.SkipWhen(Backing == FileBackingKind.Linux, "the temp folder's file system need not share blocks");
        using DirectFile file = Create();
        DirectFile source = Create(name: "source");
        TestParty party = Attach(source);
        party.Clearing = (_, _) =>
        {
            source.Dispose();
            return default;
        };

        Exception? thrown = await Record.ExceptionAsync(
            () => isAsync ? file.CloneFromAsync(source).AsTask() : Do(() => file.CloneFrom(source)));

        Assert.True(thrown is null or ObjectDisposedException or NotSupportedException or IOException, $"{thrown}");
        Assert.Equal(["a.clear", "a.end", "a.detach"], _log);
    }

    [Fact]
    public void A_file_that_is_closed_amid_its_preparation_lets_its_party_go_after_it()
    {
        NeedsLinuxBacking("it prepares in one piece, and looks at the file as a whole");
        DirectFile file = Create(1 << 20);
        file.PunchHole(0, 1 << 20);
        _ = Attach(file);

        _ = Record.Exception(() => file.Prepare(new PrepareOptions { Progress = new Here(file.Dispose) }));

        Assert.Equal(["a.clear", "a.end", "a.detach"], _log);
    }

    [Fact]
    public void A_region_that_goes_while_its_store_allocates_lets_the_party_go_after_it()
    {
        DirectFile file = Create();
        file.PunchHole(0, 64 << 10);
        TestParty party = Attach(file);
        MappedRegion region = file.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });
        file.Dispose();
        party.Clearing = (_, _) =>
        {
            region.Dispose();
            return default;
        };

        _ = Record.Exception(() => region.Write(0, 1L));

        Assert.Equal(["a.clear", "a.end", "a.detach"], _log);
    }

    [Fact]
    public async Task A_lease_that_is_revoked_after_its_file_was_closed_leaves_the_party_before_that_is_let_go()
    {
        DirectFile file = Create();
        TestParty party = Attach(file);
        ILayoutLease lease = file.AcquireLease();
        Task<ILayoutRight> outside = party.Seat.BreakAsync(
            new BreakRequest
            {
                File = file.Id,
                Owner = new object(),
                Operation = LayoutOperation.Write,
                Range = FileRange.Whole,
                Breaker = "outside",
            },
            default).AsTask();
        file.Dispose();

        PassDeadline();

        using ILayoutRight right = await outside.Within();
        Soon.Until(() => party.Detached == 1, "the party is let go");
        Assert.Equal(["a.join", "a.leave", "a.detach"], _log);
        GC.KeepAlive(lease);
    }

    /// <summary>Whoever opens the file anew waits until the party of before is gone: nobody outside is asked for it twice.</summary>
    [Fact]
    public void The_party_of_a_file_that_is_opened_anew_is_made_when_the_former_one_is_gone()
    {
        DirectFile file = Create();
        using ManualResetEventSlim inDetach = new();
        using ManualResetEventSlim go = new();
        TestParty former = Attach(file);
        former.Detaching = () =>
        {
            inDetach.Set();
            go.Wait();
        };
        Thread closing = new(file.Dispose);
        closing.Start();
        Assert.True(inDetach.Wait(Soon.Patience));
        using DirectFile again = Open();
        TestParty? party = null;
        Thread attaching = new(() => party = Attach(again, "b"));
        attaching.Start();
        Soon.Until(() => attaching.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "it waits");
        Assert.Null(party);

        go.Set();

        Assert.True(closing.Join(Soon.Patience) && attaching.Join(Soon.Patience));
        again.AcquireLease().Dispose();
        Assert.Equal(["a.detach", "b.join", "b.leave"], _log);
    }

    [Fact]
    public void A_right_that_is_forgotten_counts_as_a_change_of_the_layout()
    {
        using DirectFile file = Create();
        long before = InodeTable.Find(file.Id)!.LayoutGeneration;
        Forget(file);

        Soon.Until(
            () =>
            {
                ProcSelf.CollectGarbage();
                return InodeTable.Find(file.Id)!.LayoutGeneration > before;
            },
            "what may have been done under it counts");
    }

    /// <summary>It touches all that lies behind the shorter one of the two lengths.</summary>
    [Fact]
    public void A_truncation_is_planned_anew_when_the_file_has_become_shorter_meanwhile()
    {
        using DirectFile file = Create();
        TestParty party = Attach(file);
        List<long> from = [];
        party.Clearing = (request, _) =>
        {
            from.Add(request.Range.Offset);
            LossTest.SetLengthOutside(file.Path, 32 << 10);
            return default;
        };

        file.SetLength(128 << 10);

        Assert.Equal([64 << 10, 32 << 10], from);
    }

    [Fact]
    public void A_file_that_grows_all_the_time_is_mapped_up_to_an_end_that_it_had()
    {
        using DirectFile file = Create();
        TestParty party = Attach(file);
        int grows = 0;
        party.Joining = (_, _) =>
        {
            grows++;
            Assert.True(grows < 100, "it is planned again and again");
            LossTest.SetLengthOutside(file.Path, (64 << 10) + (grows * PageSize));
            return default;
        };

        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { FaultPolicy = FaultPolicies.Permissive });

        Assert.Equal((64 << 10) + ((grows - 1) * PageSize), region.Length);
        Assert.Equal(1, party.Members);
    }

    [Fact]
    public void A_range_that_is_gone_when_the_lease_is_had_is_refused()
    {
        using DirectFile file = Create();
        TestParty party = Attach(file);
        party.Joining = (_, _) =>
        {
            LossTest.SetLengthOutside(file.Path, PageSize);
            return default;
        };

        Assert.ThrowsAny<Exception>(() =>
            file.Map(MapOptions.DirectOrEmulated with { FaultPolicy = FaultPolicies.Permissive, Range = new FileRange(0, 64 << 10) }));

        Assert.Equal((1, 0), (party.Joins, party.Members));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(DirectFile file) => _ = file.BreakLayout(FileRange.Whole);

    private static Task Do(Action action) => Task.Run(action);

    private TestParty Attach(DirectFile file, string name = "a")
    {
        TestParty? party = null;
        InodeTable.Find(file.Id)!.Arbiter.Attach(seat => party = new TestParty(seat, name, _log));
        return party!;
    }

    private sealed class Here(Action action) : IProgress<PrepareProgress>
    {
        public void Report(PrepareProgress value) => action();
    }
}
