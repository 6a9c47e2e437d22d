using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Watching;

namespace DirectMap.Tool.Tests.Watching;

public sealed class ChangeQueueTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Change s_one = new(TrespassOrigin.OtherProcess, null, null, ProtectionEngine.Fanotify, null);
    private static readonly Change s_other = s_one with { Origin = TrespassOrigin.ThisProcess };

    [Fact]
    public void Equal_changes_that_wait_are_one_with_their_number_and_the_time_of_the_last()
    {
        using ChangeQueue queue = new();
        queue.Add(s_one, s_start);
        queue.Add(s_other, s_start.AddSeconds(1));
        queue.Add(s_one with { }, s_start.AddSeconds(2));

        Assert.Equal(
            [
                new ChangeNotice(s_one, s_start, s_start.AddSeconds(2), 2),
                new ChangeNotice(s_other, s_start.AddSeconds(1), s_start.AddSeconds(1), 1),
            ],
            queue.Take());
        Assert.Empty(queue.Take());
    }

    [Fact]
    public async Task Whoever_waits_is_woken_by_each_change_and_by_none()
    {
        using ChangeQueue queue = new();
        Task waiting = queue.WaitAsync(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        queue.Add(s_one, s_start);
        queue.Add(s_one, s_start);
        await waiting.Within();
        Assert.Equal(2, Assert.Single(queue.Take()).Notices);

        await queue.WaitAsync(TimeSpan.Zero, TestContext.Current.CancellationToken).Within();
        await queue.WaitAsync(TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken).Within();
        Assert.Empty(queue.Take());
    }
}
