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

    /// <summary>
    /// On FUSE a file that was closed just now is still open for the file system: removed, it stays under a hidden name until that hears
    /// of the closing, and its folder is not empty.
    /// </summary>
    public void Dispose()
    {
        if (!SpinWait.SpinUntil(IsRemoved, TimeSpan.FromSeconds(30)))
        {
            throw new IOException($"'{Path}' does not get empty.");
        }
    }

    private bool IsRemoved()
    {
        const int NotEmpty = 39; // ENOTEMPTY
        try
        {
            Directory.Delete(Path, recursive: true);
            return true;
        }
        catch (IOException exception) when (exception.HResult == NotEmpty)
        {
            return false;
        }
    }
}
