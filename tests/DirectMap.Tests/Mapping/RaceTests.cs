using System.Diagnostics;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Mapping;

/// <summary>Tests that want the processors for themselves: they run after all others, one by one.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>Races, each in a child process: a crash would be its exit code.</summary>
[Collection(nameof(Alone))]
public sealed class RaceTests : IDisposable
{
    private const int NothingLost = 0;
    private const int SomethingLost = 3;

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("scalar", "breaker")]
    [InlineData("scope", "breaker")]
    [InlineData("scalar", "revoke")]
    [InlineData("scalar", "dispose")]
    [InlineData("scope", "revoke")]
    [InlineData("scope", "dispose")]
    public void No_access_crashes_and_no_report_is_lost_while_the_region_is_taken_away(string access, string ending) =>
        AssertExit(NothingLost, ChildProcess.Run(RaceCases.AccessAgainstTakingAway, _directory.File(), access, ending, "2500"));

    [Theory]
    [InlineData("scalar")]
    [InlineData("scope")]
    public void The_reversed_order_of_revocation_loses_reports_and_the_race_catches_it(string access) =>
        AssertExit(SomethingLost, ChildProcess.Run(RaceCases.AccessAgainstTakingAway, _directory.File(), access, "reversed", "20000"));

    [Fact]
    public void Every_scope_that_a_release_waits_for_completes() =>
        AssertExit(NothingLost, ChildProcess.Run(RaceCases.ScopesAgainstRelease, _directory.File(), "drained", "2500"));

    [Fact]
    public void Without_draining_some_scopes_do_not_complete_and_the_race_catches_it() =>
        AssertExit(SomethingLost, ChildProcess.Run(RaceCases.ScopesAgainstRelease, _directory.File(), "not-drained", "20000"));

    [Fact]
    public void A_drain_sees_every_scope_that_was_let_open() =>
        AssertExit(NothingLost, ChildProcess.Run(LitmusCases.OpenAgainstDrain, "barrier", "3000"));

    [Fact]
    public void Without_the_process_wide_barrier_a_drain_misses_scopes_and_the_litmus_catches_it()
    {
        Requires.Have("two-processors", Environment.ProcessorCount > 1, "needs two processors");
        Requires.Have(
            "optimized",
            IsOptimized,
            "needs optimized code (-c Release): without, the store has long left the processor when the load comes");

        // Where the scheduler puts the two threads decides whether they ever meet, so a new process is a new chance. Without a single miss
        // the control says nothing about the litmus, and nothing about the library.
        ChildProcess.Result result = ChildProcess.Run(LitmusCases.OpenAgainstDrain, "none", "15000");
        for (int attempt = 1; attempt < 3 && result.ExitCode == NothingLost; attempt++)
        {
            result = ChildProcess.Run(LitmusCases.OpenAgainstDrain, "none", "15000");
        }

        Assert.SkipWhen(
            result.ExitCode == NothingLost, $"inconclusive: three processes of 15 s without a miss; the last one: {result.Output}");
        AssertExit(SomethingLost, result);
    }

    private static bool IsOptimized =>
        typeof(MappedRegion).Assembly.GetCustomAttributes(typeof(DebuggableAttribute), false)
            is not [DebuggableAttribute { IsJITOptimizerDisabled: true }];

    public void Dispose() => _directory.Dispose();

    private static void AssertExit(int expected, ChildProcess.Result result)
    {
        TestContext.Current.SendDiagnosticMessage(result.Output);
        Assert.True(result.ExitCode == expected, result.ToString());
    }
}
