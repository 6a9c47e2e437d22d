namespace DirectMap.Tests.Infrastructure;

/// <summary>A folder of its own in the machine's temp folder, or in another one; gone with the test.</summary>
public sealed class TestDirectory : IDisposable
{
    public TestDirectory()
        : this(System.IO.Path.GetTempPath())
    {
    }

    public TestDirectory(string parent)
    {
        Path = System.IO.Path.Combine(parent, $"directmap-test-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string File(string name = "file.pmem") => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
