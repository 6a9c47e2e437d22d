using System.Diagnostics;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>A test of what is mapped, or refused and leaves nothing.</summary>
public abstract class MapTest(FileBackingKind backing) : FileTest(backing)
{
    protected static void Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(command, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    protected void AssertNothingIsHeld(DirectFile file)
    {
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        using DirectFile other = DirectFile.Open(file.Path, Options with { Coordinator = Coordinator });
        byte[] same = new byte[1];
        if (other.Read(same, 0) == 1)
        {
            other.Write(same, 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }); // nobody holds a lease
        }
    }
}
