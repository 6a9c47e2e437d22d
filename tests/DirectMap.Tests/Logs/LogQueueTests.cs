using DirectMap.Logs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>For whom a leader waits, by a clock that a test moves.</summary>
public sealed class LogQueueTests
{
    private const int Answered = 3;
    private const int Took = 100;
    private const int Step = 10;

    private readonly ScriptedClock _clock = new();

    [Fact]
    public void A_leader_takes_all_whom_the_one_before_has_answered_when_they_come_back()
    {
        LogQueue queue = QueueAfter(Answered, Took);
        Lead(queue);
        _clock.WhenAsked = () => queue.Add(Request()); // One comes whenever it looks at the clock, which stands.

        queue.Gather();
        _clock.WhenAsked = () => { };

        Assert.Equal(Answered, queue.Take().Count);
    }

    [Fact]
    public void A_leader_waits_for_those_who_stay_away_no_longer_than_the_one_before_took()
    {
        LogQueue queue = QueueAfter(Answered, Took);
        long handedOn = _clock.Now;
        Lead(queue);
        _clock.WhenAsked = () => _clock.Now += Step;

        queue.Gather();

        Assert.InRange(_clock.Now - handedOn, Took, Took + Step);
        Assert.Single(queue.Take());
    }

    [Fact]
    public void A_leader_waits_no_longer_than_a_millisecond()
    {
        LogQueue queue = QueueAfter(Answered, took: 1_000_000);
        long handedOn = _clock.Now;
        Lead(queue);
        _clock.WhenAsked = () => _clock.Now += Step;

        queue.Gather();

        Assert.InRange(_clock.Now - handedOn, 1000, 1000 + Step);
    }

    [Fact]
    public void Who_was_waited_for_in_vain_is_not_waited_for_again()
    {
        LogQueue queue = QueueAfter(Answered, Took);
        Lead(queue);
        _clock.Now += Took;
        queue.Gather();
        _ = queue.Take();
        _clock.Now += Took;
        queue.HandOn(answered: 1);

        Assert.True(queue.TryLead());
    }

    /// <summary>Many callers, each of whom appends once, would otherwise wait for twice as long as a persist takes.</summary>
    [Fact]
    public void Leaders_who_wait_in_vain_wait_more_and_more_seldom_until_somebody_comes_back()
    {
        const int Rounds = 200;
        LogQueue queue = QueueAfter(Answered, Took);
        int waits = 0;
        for (int round = 0; round < Rounds; round++)
        {
            Lead(queue);
            long before = _clock.Now;
            _clock.WhenAsked = () => _clock.Now += Step;
            queue.Gather();
            _clock.WhenAsked = () => { };
            waits += _clock.Now - before >= Took ? 1 : 0;
            HandOn(queue);
        }

        Assert.InRange(waits, 5, 10);

        bool waited = false;
        for (int round = 0; round < Rounds && !waited; round++)
        {
            Lead(queue);
            _clock.WhenAsked = () => waited |= queue.Add(Request()) == LogQueue.Place.Waits;
            queue.Gather();
            _clock.WhenAsked = () => { };
            HandOn(queue);
        }

        Lead(queue);
        _clock.WhenAsked = () => queue.Add(Request());
        queue.Gather();
        _clock.WhenAsked = () => { };
        Assert.Equal(Answered, queue.Take().Count);
    }

    [Fact]
    public void A_single_caller_waits_for_nobody()
    {
        LogQueue queue = QueueAfter(answered: 1, Took);

        Assert.True(queue.TryLead());
        queue.HandOn(answered: 1);
        Lead(queue);
        queue.Gather();

        Assert.Single(queue.Take());
    }

    [Fact]
    public void Whoever_comes_early_does_not_lead_past_the_others_and_whoever_comes_late_does()
    {
        LogQueue queue = QueueAfter(Answered, Took);

        Assert.False(queue.TryLead());
        _clock.Now += Took;
        Assert.True(queue.TryLead());
    }

    [Fact]
    public void Where_a_persist_is_quick_nobody_waits()
    {
        LogQueue queue = QueueAfter(Answered, Took, gathers: false);

        Assert.True(queue.TryLead());
    }

    [Fact]
    public async Task A_closing_ends_the_wait()
    {
        LogQueue queue = QueueAfter(int.MaxValue, Took);
        Lead(queue);
        Task<bool> closing = Task.FromResult(false);
        bool isRefused = false;
        _clock.WhenAsked = () =>
        {
            if (!isRefused)
            {
                closing = Task.Run(() => queue.TryLeadToClose(out _));
                Soon.Until(() => isRefused = queue.Add(Request()) == LogQueue.Place.Refused, "the closing begins");
            }
        };

        queue.Gather();
        _clock.WhenAsked = () => { };
        queue.HandOn(answered: 0);

        Assert.True(isRefused);
        Assert.True(await closing.Within());
    }

    /// <summary>A list that one leader has given back is used again only by one.</summary>
    [Fact]
    public void A_list_that_was_given_back_has_what_waits_and_nothing_else()
    {
        LogQueue queue = QueueAfter(answered: 1, Took);
        Lead(queue);
        List<LogRequest> first = queue.Take();
        queue.HandOn(answered: 1);
        queue.Return(first);
        LogRequest second = Request(), third = Request();
        queue.Add(second);
        Assert.True(queue.TryLeadScheduled());
        List<LogRequest> taken = queue.Take();
        queue.Add(third);

        Assert.Equal([second], taken);
        Assert.Equal([third], queue.Take());
    }

    private static AsyncLogRequest Request() => new(default);

    /// <summary>One request comes, and its leader.</summary>
    private static void Lead(LogQueue queue)
    {
        Assert.Equal(LogQueue.Place.Schedules, queue.Add(Request()));
        Assert.True(queue.TryLeadScheduled());
    }

    /// <summary>A queue in which a leader has answered so many, which took so long.</summary>
    private LogQueue QueueAfter(int answered, long took, bool gathers = true)
    {
        LogQueue queue = new(gathers, _clock);
        Lead(queue);
        HandOn(queue, answered, took);
        return queue;
    }

    private void HandOn(LogQueue queue, int answered = Answered, long took = Took)
    {
        _ = queue.Take();
        _clock.Now += took;
        Assert.False(queue.HandOn(answered));
    }

    /// <summary>In microseconds. A wait that nothing ends would ask it again and again.</summary>
    private sealed class ScriptedClock : TimeProvider
    {
        private int _asked;

        internal long Now { get; set; }

        internal Action WhenAsked { get; set; } = () => { };

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp()
        {
            Assert.True(++_asked < 100_000, "the wait does not end");
            WhenAsked();
            return Now;
        }
    }
}
