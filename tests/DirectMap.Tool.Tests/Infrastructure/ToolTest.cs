using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Infrastructure;

/// <summary>The base of tests over files in the temp folder.</summary>
public abstract class ToolTest : IDisposable
{
    protected ToolTest() => TestFile.RequireVerifiedFileSystem(Folder);

    internal TestDirectory Folder { get; } = new();

    public void Dispose() => Folder.Dispose();
}
