namespace DirectMap.Tests.Infrastructure;

/// <summary>Takes all the space of a small file system, until it is disposed.</summary>
internal sealed class DiskFill : IDisposable
{
    private readonly string _path;

    internal DiskFill(string folder)
    {
        _path = Path.Combine(folder, $"filler-{Guid.NewGuid():N}");
        using FileStream stream = new(_path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] page = new byte[4096];
        try
        {
            while (true)
            {
                stream.Write(page);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Dispose() => File.Delete(_path);
}
