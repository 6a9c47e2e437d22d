using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>Who arbitrates for a process is decided once: each case has a process of its own.</summary>
public sealed class DefaultFactoryTests : IDisposable
{
    private readonly TestDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_default_is_what_it_is_set_to_before_its_first_use() =>
        AssertExit0(ChildProcess.Run(DefaultFactoryCases.SetBeforeFirstUse, _folder.File()));

    [Fact]
    public void After_its_first_use_the_default_stays_what_it_is() =>
        AssertExit0(ChildProcess.Run(DefaultFactoryCases.SetAfterFirstUse, _folder.File()));

    [Fact]
    public void Of_those_that_set_and_use_the_default_at_once_one_wins_for_all() =>
        AssertExit0(ChildProcess.Run(DefaultFactoryCases.SetAndUseAtOnce));

    private static void AssertExit0(ChildProcess.Result result) => Assert.True(result.ExitCode == 0, result.ToString());
}
