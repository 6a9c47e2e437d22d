using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>What is said, and to whom, when the engine loses what it works with.</summary>
public sealed class EngineLossTests(ForeignProgram program) : HoldingTest(program)
{
    /// <summary>The runtime itself ends a process in which it finds no descriptor for what it is about to load or to start.</summary>
    private const int MostAttempts = 5;

    [Fact]
    public void Where_a_reader_ends_the_level_drops_who_waits_is_refused_and_the_next_lease_is_proven_again() =>
        PassesInChild(HoldingCases.LoseReader);

    [Fact]
    public void Where_there_are_no_descriptors_nobody_hangs_and_nothing_passes_unseen() => PassesInChild(HoldingCases.RunOutOfDescriptors);

    private void PassesInChild(Func<string[], int> body)
    {
        Guarded(Long).Dispose(); // Makes the file.
        ChildProcess.Result result = ChildProcess.Run(body, Folder.File(), ProgramPath);
        for (int attempt = 1; attempt < MostAttempts && result.Error.Contains("Out of memory.", StringComparison.Ordinal); attempt++)
        {
            result = ChildProcess.Run(body, Folder.File(), ProgramPath);
        }

        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
