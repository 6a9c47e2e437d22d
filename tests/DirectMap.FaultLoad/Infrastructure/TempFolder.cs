namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>A folder of its own, gone afterwards.</summary>
internal sealed class TempFolder : IDisposable
{
    internal TempFolder(string parent)
    {
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, $"directmap-load-{Guid.NewGuid():N}")).FullName;
    }

    /// <summary>In memory where that can be had.</summary>
    internal static string Fastest => Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath();

    internal string Path { get; }

    internal string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
