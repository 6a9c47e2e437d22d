using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Another process that wants to append to the whole of a file.</summary>
internal static class AppenderCases
{
    /// <summary>Prints the error number and who else has it. Argument: path.</summary>
    internal static int Claim(string[] arguments) => ClaimAnd(arguments[0], () => { });

    /// <summary>The same, and keeps it until it is told to end.</summary>
    internal static int Hold(string[] arguments) => ClaimAnd(arguments[0], () => Console.ReadLine());

    /// <summary>
    /// The same, and has a process of its own that outlives it, whose input is this one's: it ends when somebody writes a line.
    /// </summary>
    internal static int HoldWithChild(string[] arguments) => ClaimAnd(arguments[0], () =>
    {
        using System.Diagnostics.Process child = ChildProcess.Start(LockCases.Live);
        Console.WriteLine($"{child.Id} {child.StandardOutput.ReadLine()}");
        Console.ReadLine();
        child.StandardInput.WriteLine();
        child.WaitForExit();
    });

    private static int ClaimAnd(string path, Action then)
    {
        using DirectFile file = DirectFile.Open(path);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        int errno = region.TryClaimAppender(0, file.Length, "the child", out IDisposable? claim, out string? other);
        Console.WriteLine($"{errno} {other}");
        then();
        claim?.Dispose();
        return 0;
    }
}
