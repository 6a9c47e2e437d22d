using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Infrastructure;

/// <summary>The base of tests over files in the temp folder.</summary>
public abstract class ToolTest : IDisposable
{
    protected ToolTest()
    {
        try
        {
            TestFile.RequireVerifiedFileSystem(Folder);
        }
        catch
        {
            Folder.Dispose(); // Skipped, and then nobody disposes the test.
            throw;
        }
    }

    internal TestDirectory Folder { get; } = new();

    public void Dispose() => Folder.Dispose();
}
