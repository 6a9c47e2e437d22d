using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>A holder hears of a break before its deadline, also when no thread of the pool is to be had.</summary>
public sealed class StarvedPoolTests
{
    [Theory]
    [InlineData("callback")]
    [InlineData("release")] // a callback that calls ReleaseAsync
    [InlineData("release after a scope")]
    [InlineData("disposal")] // one that calls DisposeAsync
    [InlineData("token")]
    [InlineData("thread")] // that waits for the task of WaitForBreakAsync
    [InlineData("scheduler")] // of its continuation
    public void A_willing_holder_is_told_and_the_breaker_goes_on_before_the_deadline(string told)
    {
        ChildProcess.Result result = ChildProcess.Run(StarvedPoolCases.BreakAWillingHolder, told, "");

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Theory]
    [InlineData("callback")]
    [InlineData("token")]
    public void Without_the_threads_for_it_the_holder_is_revoked(string told)
    {
        ChildProcess.Result result = ChildProcess.Run(StarvedPoolCases.BreakAWillingHolder, told, StarvedPoolCases.WithoutThreads);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void A_holder_is_told_some_hundredth_of_a_second_after_the_break_began()
    {
        ChildProcess.Result result = ChildProcess.Run(StarvedPoolCases.TellSoon);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Ten_thousand_holders_are_told_each_once_by_few_threads()
    {
        ChildProcess.Result result = ChildProcess.Run(StarvedPoolCases.BreakACrowd);

        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
