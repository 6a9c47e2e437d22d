using System.Runtime.InteropServices;
using DirectMap.Breakers;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>The bounds of what is kept of a guarded file, and many threads at once.</summary>
public sealed class GuardedFileTests
{
    private const int NoThread = 1 << 28; // Beyond what the kernel numbers.

    private readonly GuardedFile _file = new(new InodeKey(1, 2), new FileTraits(2, true), null!);

    [Fact]
    public void One_more_than_may_wait_is_told_so_until_somebody_is_answered()
    {
        _file.Hold(FileRange.Whole);
        HeldCall[] calls = [.. Enumerable.Range(0, GuardedFile.MostWaiting).Select(number => Call(NoThread + number))];
        Assert.All(calls, call => Assert.Equal(Arrival.Waits, _file.Arrive(call)));

        Assert.Equal(Arrival.TooMany, _file.Arrive(Call(NoThread - 1)));
        _file.Answered(calls[7]);
        Assert.Equal(Arrival.Waits, _file.Arrive(Call(NoThread - 1)));
        Assert.Equal(Arrival.TooMany, _file.Arrive(Call(NoThread - 2)));
    }

    [Fact]
    public void What_threads_left_that_are_gone_is_bounded()
    {
        const int Most = 512;
        _file.BeginProof();
        int most = 0;
        for (int number = 0; number < 20_000; number++)
        {
            AskedAccess asked = new(false, NoThread + number, new FileRange(0, 4096), 4096);
            Assert.True(_file.TryPass(ref asked, out _));
            most = Math.Max(most, _file.GoingOnIn(FileRange.Whole)!.Count);
        }

        Assert.InRange(most, 1, Most);
        Assert.Contains(_file.GoingOnIn(FileRange.Whole)!, one => one.Thread == NoThread + 19_999); // The last one may go on.
    }

    [Fact]
    public void A_hold_finds_each_thread_that_passed_before_it_and_stops_each_after_it()
    {
        const int Writers = 4;
        const int Rounds = 3_000;
        bool[] isIn = new bool[Writers];
        long passes = 0;
        long asked = 0;
        _file.BeginProof();
        bool isOver = false;
        Thread[] writers = [.. Enumerable.Range(0, Writers).Select(number => new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                AskedAccess access = new(false, NoThread + number, new FileRange(4096 * (number % 2), 4096), 8192);
                if (!_file.TryPass(ref access, out _))
                {
                    Interlocked.Increment(ref asked);
                    Thread.Yield();
                    continue;
                }

                Volatile.Write(ref isIn[number], true);
                Interlocked.Increment(ref passes);
                Volatile.Write(ref isIn[number], false);
                _file.GoingOnIn(FileRange.Whole)?.FindAll(one => one.Thread == NoThread + number).ForEach(_file.Ended);
            }
        }))];
        Array.ForEach(writers, writer => writer.Start());
        try
        {
            for (int round = 0; round < Rounds; round++)
            {
                FileRange range = round % 3 == 0 ? FileRange.Whole : new FileRange(0, 4096);
                _file.Hold(range);
                foreach (GoingOn one in _file.GoingOnIn(range) ?? [])
                {
                    Soon.Until(() => !_file.GoesOn(one), "what went on before ends");
                }

                AssertNoneIsIn(isIn, round);
                _file.LetGo(range);
                if (round % 16 == 0)
                {
                    long before = Interlocked.Read(ref passes);
                    Soon.Until(() => Interlocked.Read(ref passes) > before, "somebody passes");
                }
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            Array.ForEach(writers, writer => writer.Join());
        }

        Assert.True(passes > 100 && asked > 100, $"{passes} passed, {asked} did not");
    }

    /// <summary>Each third hold is on everything; the others are on what every second writer writes.</summary>
    private static void AssertNoneIsIn(bool[] isIn, int round)
    {
        for (int look = 0; look < 20; look++)
        {
            for (int number = 0; number < isIn.Length; number++)
            {
                Assert.False(
                    Volatile.Read(ref isIn[number]) && (round % 3 == 0 || number % 2 == 0), $"round {round}: a change was missed");
            }
        }
    }

    [Fact]
    public async Task Whoever_waits_for_the_end_that_a_lease_has_found_hears_of_it()
    {
        Requires.Holding();
        HoldingGroup group = HoldingGroup.TryStart(null, new ReservedDescriptors(), out _)!;
        _file.Group = group;
        nint word = NewWord();
        WaitingThread thread = WaitAt(word);
        Assert.Equal(0, ProcThread.TryReadCall(thread.Id, out ThreadCall line)); // As in its next call with the same arguments.
        LeaseRequest request = new() { File = new FileId(1, 1, 1), Owner = this };
        foreach (bool waits in (bool[])[false, true])
        {
            JudgedCall judged = new(CallRole.Changes, LayoutOperation.Write, FileRange.Whole, "write");
            HeldCall call = new(_file, group, -1, line, judged, new AskedAccess(false, thread.Id, judged.Range, long.MaxValue));
            _file.GoOn(call);
            Task ended = Task.Run(call.AwaitEnd);
            Assert.False(ended.IsCompleted);

            if (waits)
            {
                await GoingOnWait.ForAsync(_file, request with { WhenUnavailable = WhenUnavailable.Wait }, CancellationToken.None);
            }
            else
            {
                GoingOnWait.For(_file, request);
            }

            await ended.Within();
            Assert.Null(_file.GoingOnIn(FileRange.Whole));
        }

        Wake(word);
        _ = thread.End();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_waits_for_the_end_of_a_call_on_a_file_that_nobody_holds_any_more(bool isAllowedBefore)
    {
        Requires.Holding();
        HoldingGroup group = HoldingGroup.TryStart(null, new ReservedDescriptors(), out _)!;
        _file.Group = group;
        nint word = NewWord();
        WaitingThread thread = WaitAt(word);
        Assert.Equal(0, ProcThread.TryReadCall(thread.Id, out ThreadCall line));
        HeldCall call = new(
            _file,
            group,
            -1,
            line,
            new JudgedCall(CallRole.Changes, LayoutOperation.Write, FileRange.Whole, "write"),
            new AskedAccess(false, thread.Id, FileRange.Whole, 0));
        if (isAllowedBefore)
        {
            Assert.True(_file.GoOn(call));
        }

        HoldingEngine.Release(_file, null);
        if (!isAllowedBefore)
        {
            _file.Hold(FileRange.Whole);
            Assert.Equal(Arrival.Waits, _file.Arrive(call)); // It waited before.
            _ = call.TryAllow();
        }

        await Task.Run(call.AwaitEnd).Within();
        Assert.Null(_file.GoingOnIn(FileRange.Whole));
        Wake(word);
        _ = thread.End();
    }

    private static unsafe nint NewWord() => (nint)NativeMemory.AllocZeroed(64); // For good.

    private static unsafe WaitingThread WaitAt(nint word) => new((uint*)word, Soon.Patience);

    private static unsafe void Wake(nint word) => Assert.Equal(0, Futex.TryWake((uint*)word, 1, out _));

    private HeldCall Call(int thread) =>
        new(
            _file,
            null!,
            -1,
            default,
            new JudgedCall(CallRole.Changes, LayoutOperation.Allocate, new FileRange(0, 10), "fallocate"),
            new AskedAccess(false, thread, new FileRange(0, 10), 0));
}
