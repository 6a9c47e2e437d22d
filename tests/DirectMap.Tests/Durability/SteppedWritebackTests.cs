using DirectMap.Durability;
using DirectMap.Layout;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Durability;

/// <summary>What a large sync asks of the system, step by step, and whom it keeps waiting. The system is a script.</summary>
public sealed class SteppedWritebackTests
{
    private const long Piece = SteppedWriteback.Piece;

    private readonly ManualTimeProvider _time = new();
    private readonly SyncLedger _ledger = new();
    private readonly Script _script = new();

    [Fact]
    public void A_small_range_is_left_to_its_sync()
    {
        Assert.Equal(0, Run(new FileRange(0, 2 * Piece)));

        Assert.Empty(_script.Calls);
    }

    [Fact]
    public void Each_piece_is_begun_before_the_one_before_it_is_waited_for_and_the_last_one_is_waited_for_too()
    {
        TakeEach(TimeSpan.FromMilliseconds(1));

        Assert.Equal(0, Run(new FileRange(100, (2 * Piece) + 8)));

        Assert.Equal(
            [
                "begin [100, 4194404)",
                "begin [4194404, 8388708)", "await [100, 4194404)",
                "begin [8388708, 8388716)", "await [4194404, 8388708)",
                "await [8388708, 8388716)",
            ],
            _script.Calls);
    }

    [Theory]
    [InlineData(768L << 20, 20)]
    [InlineData(64L << 30, 150)]
    [InlineData(8L << 40, 150)]
    public void What_is_clean_takes_few_calls(long length, int pieces)
    {
        Assert.Equal(0, Run(new FileRange(0, length)));

        Assert.InRange(_script.Calls.Count, 2, 2 * pieces);
        Assert.Equal(length, _script.Begun.Sum(range => range.Length));
    }

    [Fact]
    public void Behind_what_is_clean_one_piece_is_long_and_the_next_ones_are_short_again()
    {
        _script.Before = (_, range) =>
        {
            if (range.End > 256 << 20)
            {
                _time.Advance(range.Length / (4L << 20) * TimeSpan.FromMilliseconds(1));
            }

            return 0;
        };

        Assert.Equal(0, Run(new FileRange(0, 768 << 20)));

        Assert.Equal(64 << 20, _script.Begun.Max(range => range.Length));
        Assert.All(_script.Begun.Where(range => range.Offset >= 400 << 20), range => Assert.Equal(Piece, range.Length));
    }

    [Theory]
    [InlineData(38)] // ENOSYS
    [InlineData(1)] // EPERM: a filter
    [InlineData(9)] // EBADF
    [InlineData(12, true)] // ENOMEM: what could not be begun is dirty still
    public void Where_the_system_does_not_write_so_nothing_is_told_and_nothing_more_asked(int errno, bool onlyBegin = false)
    {
        _script.Before = (call, _) => call == "begin" ? errno : 0;
        Assert.Equal(0, Run(new FileRange(0, 100 << 20)));
        Assert.Single(_script.Calls);
        _script.Calls.Clear();

        _script.Before = (call, _) => call == "await" ? errno : 0;

        Assert.Equal(onlyBegin ? errno : 0, Run(new FileRange(0, 100 << 20)));
        Assert.Equal(3, _script.Calls.Count);
    }

    [Fact]
    public void Whoever_waits_for_a_step_goes_on_when_it_has_gone_well_while_the_large_sync_goes_on()
    {
        TakeEach(TimeSpan.FromMilliseconds(1));
        List<bool> ended = [];
        Thread? small = null;
        int slot = _ledger.Begin();
        _script.Before = (call, range) =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            if (small is null)
            {
                small = EndOfSmallSync();
                return 0;
            }

            ended.Add(small.Join(Soon.Patience));
            return 0;
        };

        Assert.Equal(0, SteppedWriteback.Run(_script, new FileRange(0, 3 * Piece), _ledger, slot, _time));

        Assert.All(ended, Assert.True);
        Assert.NotEmpty(ended);
        _ledger.End(slot, 0);
    }

    [Fact]
    public void Beside_others_a_large_sync_waits_apart_for_what_is_written_and_nobody_waits_for_that()
    {
        _script.HasDescriptionApart = true;
        int slot = _ledger.Begin();
        List<bool> ended = [];
        _script.Before = (call, range) =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            if (call == "begin" && range.Offset == Piece)
            {
                _ledger.End(_ledger.Begin(), 22); // Another one comes.
            }

            if (call == "apart")
            {
                int small = _ledger.Begin();
                Thread ending = new(() => _ledger.End(small, 0)) { IsBackground = true };
                ending.Start();
                ended.Add(ending.Join(Soon.Patience));
                return 5; // It is told of a failure that the sync of the whole range is told of, too.
            }

            return 0;
        };

        Assert.Equal(0, SteppedWriteback.Run(_script, new FileRange(0, 5 * Piece), _ledger, slot, _time));

        Assert.NotEmpty(ended);
        Assert.All(ended, Assert.True);
        Assert.DoesNotContain(_script.Calls, call => call.StartsWith("await", StringComparison.Ordinal));
        Assert.Equal(5 * Piece, _script.Begun.Sum(range => range.Length));
        _ledger.End(slot, 0);
    }

    [Fact]
    public void A_large_sync_that_meets_nobody_needs_no_other_description()
    {
        _script.HasDescriptionApart = true;
        TakeEach(TimeSpan.FromMilliseconds(1));

        Assert.Equal(0, Run(new FileRange(0, 10 * Piece)));

        Assert.DoesNotContain(_script.Calls, call => call.StartsWith("apart", StringComparison.Ordinal));
    }

    [Fact]
    public void Pieces_are_short_as_long_as_others_are_met_and_long_again_later()
    {
        int others = 3;
        _script.Before = (call, range) =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            if (call == "begin" && others-- > 0)
            {
                _ledger.End(_ledger.Begin(), 22);
            }

            return 0;
        };

        Assert.Equal(0, Run(new FileRange(0, 200 << 20)));

        FileRange[] pieces = [.. _script.Begun];
        Assert.Equal(Piece, pieces[0].Length);
        Assert.All(pieces[1..34], piece => Assert.Equal(SteppedWriteback.PieceBesideOthers, piece.Length));
        Assert.All(pieces[40..^1], piece => Assert.Equal(Piece, piece.Length));
    }

    [Fact]
    public void A_sync_that_rests_is_waited_for_again_when_it_goes_on()
    {
        int large = _ledger.Begin();
        _ledger.Rest(large);
        _ledger.End(_ledger.Begin(), 0); // does not wait

        _ledger.Renew(large);

        Thread small = EndOfSmallSync();
        Assert.True(small.IsAlive);
        _ledger.Rest(large);
        Assert.True(small.Join(Soon.Patience));
        _ledger.Renew(large);
        _ledger.End(large, 0);
        _ledger.End(_ledger.Begin(), 0);
    }

    [Theory]
    [InlineData("begin", 28)]
    [InlineData("await", 5)]
    [InlineData("await", 12)]
    public void After_a_step_that_was_told_of_a_failure_the_others_wait_until_the_large_sync_has_ended_with_it(string failing, int errno)
    {
        int slot = _ledger.Begin();
        Thread? small = null;
        int seen = 0;
        _script.Before = (call, range) =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            if (call == failing && range.Offset >= Piece)
            {
                small = EndOfSmallSync(() => seen = _ledger.LastFailure.Errno);
                return errno;
            }

            return 0;
        };

        int told = SteppedWriteback.Run(_script, new FileRange(0, 10 * Piece), _ledger, slot, _time);

        Assert.Equal(errno, told);
        Assert.True(small!.IsAlive, "the small one has ended, and the large one has said nothing yet");
        _ledger.End(slot, told);
        Assert.True(small.Join(Soon.Patience));
        Assert.Equal(errno == 12 ? 0 : errno, seen);
    }

    [Fact]
    public void A_large_sync_waits_at_its_end_for_those_that_overlapped_any_of_its_steps()
    {
        int large = _ledger.Begin();
        int early = _ledger.Begin();
        _ledger.Renew(large);
        int late = _ledger.Begin();
        _ledger.Renew(large);
        Thread ending = Waiting(() => _ledger.End(large, 0));

        _ledger.End(late, 28);

        Assert.True(ending.IsAlive, "it has not waited for one that began during its first step");
        Soon.Until(() => ending.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "it waits again");
        _ledger.End(early, 28);
        Assert.True(ending.Join(Soon.Patience));
    }

    [Fact]
    public void Exchanging_tickets_takes_no_memory()
    {
        int large = _ledger.Begin();
        _ledger.Renew(large);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 1000; i++)
        {
            _ledger.Renew(large);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        _ledger.End(large, 0);
    }

    private int Run(FileRange range)
    {
        int slot = _ledger.Begin();
        int errno = SteppedWriteback.Run(_script, range, _ledger, slot, _time);
        _ledger.End(slot, errno);
        return errno;
    }

    private void TakeEach(TimeSpan span) => _script.Before = (_, _) =>
    {
        _time.Advance(span);
        return 0;
    };

    /// <summary>A small sync that has begun, went well, and waits for the large one.</summary>
    private Thread EndOfSmallSync(Action? then = null)
    {
        int small = _ledger.Begin();
        return Waiting(() =>
        {
            _ledger.End(small, 0);
            then?.Invoke();
        });
    }

    private static Thread Waiting(Action action)
    {
        Thread thread = new(() => action()) { IsBackground = true };
        thread.Start();
        Soon.Until(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "it waits for the others");
        return thread;
    }

    /// <summary>Writes down what is asked of it, and answers what a test says.</summary>
    private sealed class Script : IWriteback
    {
        internal bool HasDescriptionApart { get; set; }

        internal List<string> Calls { get; } = [];

        internal List<FileRange> Begun { get; } = [];

        internal Func<string, FileRange, int> Before { get; set; } = (_, _) => 0;

        public int TryBegin(FileRange range)
        {
            Begun.Add(range);
            return Answer("begin", range);
        }

        public int TryAwait(FileRange range) => Answer("await", range);

        public int TryAwaitApart(FileRange range) => HasDescriptionApart ? Answer("apart", range) : 9;

        private int Answer(string call, FileRange range)
        {
            Assert.NotEqual(0, range.Length); // To the system that is everything up to the end of the file.
            Calls.Add($"{call} {range}");
            return Before(call, range);
        }
    }
}
