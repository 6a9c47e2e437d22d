using System.Diagnostics;
using System.Runtime.CompilerServices;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Inodes;

/// <summary>The right to append to a range: one has it, in the process and between processes.</summary>
public abstract class AppenderClaimTests(FileBackingKind backing) : RegionTest(64 << 10, backing)
{
    private const string Between = "it sees to it within the process only";

    [Fact]
    public void The_second_one_is_refused_with_the_words_of_the_first()
    {
        using IDisposable first = Take(0, 4096, "the first");

        Assert.Equal((Errno.EAGAIN, "the first"), TryTake(0, 4096, "the second"));
        Assert.Equal((Errno.EAGAIN, "the first"), TryTake(0, 4096, "the third"));
    }

    [Fact]
    public void Another_region_of_the_file_through_another_object_meets_the_first()
    {
        using IDisposable first = Take(8192, 4096);
        using DirectFile other = Open();
        using MappedRegion region = other.Map(MapOptions.DirectOrEmulated with { Range = FileRange.From(4096) });

        Assert.Equal((Errno.EAGAIN, "somebody"), TryTake(4096, 4096, from: region));
        using IDisposable before = Take(0, 4096, from: region);
    }

    [Theory]
    [InlineData(8192, 4096, true)]
    [InlineData(0, 8193, true)]
    [InlineData(12287, 4096, true)]
    [InlineData(9000, 1, true)]
    [InlineData(0, 65536, true)]
    [InlineData(0, 8192, false)]
    [InlineData(12288, 4096, false)]
    public void Ranges_that_share_a_byte_conflict_and_others_do_not(long offset, long length, bool conflict)
    {
        using IDisposable first = Take(8192, 4096);

        Assert.Equal(conflict ? (Errno.EAGAIN, "somebody") : (0, null), TryTake(offset, length));
    }

    [Fact]
    public void A_range_without_a_byte_cannot_be_taken() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.TryClaimAppender(0, 0, "nobody", out _, out _));

    [Fact]
    public void What_is_let_go_can_be_taken_and_to_let_go_twice_takes_nothing_from_the_next_one()
    {
        IDisposable first = Take();
        first.Dispose();
        using IDisposable second = Take(holder: "the second");

        first.Dispose();

        Assert.Equal((Errno.EAGAIN, "the second"), TryTake());
        AssertOtherProcess(isRefused: true);
    }

    [Fact]
    public void One_that_was_refused_takes_nothing_from_the_one_that_has_it()
    {
        using IDisposable first = Take();

        Assert.Equal(Errno.EAGAIN, TryTake().Errno);

        AssertOtherProcess(isRefused: true);
    }

    [Fact]
    public void A_claim_outlives_its_region_and_file_and_ends_with_its_own_disposal()
    {
        IDisposable claim = Take();
        Region.Dispose();
        TheFile.Dispose();
        AssertOtherProcess(isRefused: true);
        using (DirectFile file = Open())
        using (MappedRegion region = file.Map(MapOptions.DirectOrEmulated))
        {
            Assert.Equal((Errno.EAGAIN, "somebody"), TryTake(from: region));
            claim.Dispose();
            AssertOtherProcess(isRefused: false);
            using IDisposable next = Take(from: region);
        }

        Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path));
    }

    [Fact]
    public void A_claim_that_is_forgotten_goes_with_the_collection()
    {
        TakeAndForget();
        ProcSelf.CollectGarbage();

        AssertOtherProcess(isRefused: false);
        using IDisposable next = Take();
    }

    [Fact]
    public void A_claim_that_is_forgotten_with_its_region_and_file_goes_with_the_collection()
    {
        TakeAndForget(Folder.File("other.pmem"));
        ProcSelf.CollectGarbage();

        Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.File("other.pmem")));
        AssertOtherProcess(isRefused: false, "other.pmem");
    }

    [Fact]
    public void A_region_that_was_disposed_can_take_none()
    {
        Region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Region.TryClaimAppender(0, 1, "nobody", out _, out _));
    }

    [Fact]
    public void Of_eight_threads_that_want_it_at_once_one_gets_it()
    {
        const int Threads = 8, Rounds = 200;
        using Barrier barrier = new(Threads);
        int[] winners = new int[Rounds];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                barrier.SignalAndWait();
                int errno = Region.TryClaimAppender(number, 4096, $"{number}", out IDisposable? claim, out string? other);
                if (errno == 0)
                {
                    Interlocked.Increment(ref winners[round]);
                }
                else if (errno != Errno.EAGAIN || other is null)
                {
                    winners[round] = int.MinValue;
                }

                barrier.SignalAndWait();
                claim?.Dispose();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.All(winners, won => Assert.Equal(1, won));
        using IDisposable next = Take();
    }

    /// <summary>Otherwise the lock that is given back could be the next one's.</summary>
    [Fact]
    public void While_the_lock_is_being_given_back_nobody_gets_it()
    {
        using ScriptedFile file = new(Folder.File("scripted"), 16 << 10, Options);
        using MappedRegion region = file.File.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 8192) });
        IDisposable first = Take(from: region);
        using ParkedThread disposing = new(park =>
        {
            file.Backing.Before = call =>
            {
                park();
                return null;
            };
            first.Dispose();
        });
        file.Backing.Before = _ => null;

        Assert.Equal((Errno.EAGAIN, "somebody"), TryTake(from: region));
        Assert.Null(disposing.Finish());
        using IDisposable next = Take(from: region);
    }

    [Fact]
    public void A_lock_that_cannot_be_had_is_told_and_leaves_nothing_behind()
    {
        using ScriptedFile file = new(Folder.File("scripted"), 16 << 10, Options);
        using MappedRegion region = file.File.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 8192) });
        int references = file.Inode.References;
        file.Backing.Before = call => call == nameof(OpenedFile.TryLock) ? Errno.ENOLCK : null;

        Assert.Equal((Errno.ENOLCK, null), TryTake(from: region));

        Assert.Equal(references, file.Inode.References);
        file.Backing.Before = _ => null;
        using IDisposable next = Take(from: region);
    }

    [Fact]
    public void Threads_that_take_it_and_let_it_go_all_the_time_never_have_it_together()
    {
        const int Threads = 8, Tries = 10_000;
        int inside = 0, together = 0, taken = 0;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            for (int i = 0; i < Tries; i++)
            {
                if (Region.TryClaimAppender(number, 4096, $"{number}", out IDisposable? claim, out _) == 0)
                {
                    Interlocked.Increment(ref taken);
                    if (Interlocked.Increment(ref inside) != 1)
                    {
                        Interlocked.Increment(ref together);
                    }

                    Interlocked.Decrement(ref inside);
                    claim!.Dispose();
                }
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.Equal(0, together);
        Assert.True(taken > Tries / 10, $"only {taken} times it could be had");
        using IDisposable next = Take();
    }

    [Fact]
    public void Another_process_is_refused_and_cannot_be_told_by_whom()
    {
        using (Take())
        {
            AssertOtherProcess(isRefused: true);
        }

        AssertOtherProcess(isRefused: false);
    }

    [Fact]
    public void A_process_that_is_killed_lets_go()
    {
        NeedsLinuxBacking(Between);
        using Process holder = StartHolding(AppenderCases.Hold);
        Assert.Equal((Errno.EAGAIN, null), TryTake());

        holder.Kill();
        holder.WaitForExit();

        using IDisposable next = Take();
    }

    [Fact]
    public void What_a_killed_process_had_started_keeps_nothing()
    {
        NeedsLinuxBacking(Between);
        using Process holder = StartHolding(AppenderCases.HoldWithChild);
        string[] grandchild = holder.StandardOutput.ReadLine()!.Split(' ');
        using Process child = Process.GetProcessById(int.Parse(grandchild[0], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("0", grandchild[1]);
        Assert.Equal(Errno.EAGAIN, TryTake().Errno);

        holder.Kill();
        holder.WaitForExit();

        Assert.False(child.HasExited, "it was to outlive its parent");
        using IDisposable next = Take();
        child.Kill();
    }

    /// <summary>The lock is no other than applications have, so theirs is in the way, and is told by its process.</summary>
    [Fact]
    public void A_record_lock_on_the_first_byte_is_in_the_way_and_others_are_not()
    {
        NeedsLinuxBacking(Between);
        using SafeFileHandle other = PlainCalls.Open(TheFile.Path, PlainCalls.O_RDWR);
        Assert.Equal(0, OpenFileLock.TryLock(other, FileRange.From(1), exclusive: true));
        Take().Dispose();

        using (Process holder = ChildProcess.Start(LockCases.HoldRecord, TheFile.Path, "0", "1"))
        {
            Assert.Equal("0", holder.StandardOutput.ReadLine());
            Assert.Equal((Errno.EAGAIN, $"process {holder.Id}, which has locked the byte at 0"), TryTake());
            holder.Kill();
            holder.WaitForExit();
        }

        using IDisposable next = Take();
    }

    [Fact]
    public void Where_the_lock_is_refused_nothing_stays_behind()
    {
        NeedsLinuxBacking(Between);
        using DirectFile reading = DirectFile.Open(TheFile.Path, Options with { Access = FileAccess.Read });
        using (MappedRegion region = reading.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read }))
        {
            Assert.Equal((Errno.EBADF, null), TryTake(from: region));
        }

        using IDisposable next = Take();
    }

    /// <summary>Between processes only the first byte is locked.</summary>
    [Fact]
    public void Of_another_process_only_the_beginning_is_seen()
    {
        NeedsLinuxBacking(Between);
        using Process holder = StartHolding(AppenderCases.Hold);

        Assert.Equal(Errno.EAGAIN, TryTake(0, 1).Errno);
        Assert.Equal(0, TryTake(4096, 4096).Errno);

        holder.Kill();
        holder.WaitForExit();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeAndForget() => _ = Take();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeAndForget(string path) => _ = Take(from: DirectFile.Create(path, 64 << 10, Options).Map(MapOptions.DirectOrEmulated));

    private IDisposable Take(long offset = 0, long length = 4096, string holder = "somebody", MappedRegion? from = null)
    {
        int errno = (from ?? Region).TryClaimAppender(offset, length, holder, out IDisposable? claim, out string? other);
        Assert.Equal((0, null), (errno, other));
        return claim!;
    }

    /// <summary>Tries, and lets go if it could be had.</summary>
    private (int Errno, string? Other) TryTake(long offset = 0, long length = 4096, string holder = "another", MappedRegion? from = null)
    {
        int errno = (from ?? Region).TryClaimAppender(offset, length, holder, out IDisposable? claim, out string? other);
        Assert.Equal(errno == 0, claim is not null);
        claim?.Dispose();
        return (errno, other);
    }

    /// <summary>On the portable backing no other process is refused.</summary>
    private void AssertOtherProcess(bool isRefused, string name = "file.pmem")
    {
        if (Backing == FileBackingKind.Linux)
        {
            ChildProcess.Result child = ChildProcess.Run(AppenderCases.Claim, Folder.File(name));
            Assert.Equal(isRefused ? $"{Errno.EAGAIN} \n" : "0 \n", child.Output);
        }
    }

    private Process StartHolding(Func<string[], int> body)
    {
        Process child = ChildProcess.Start(body, TheFile.Path);
        Assert.Equal("0 ", child.StandardOutput.ReadLine());
        return child;
    }
}
