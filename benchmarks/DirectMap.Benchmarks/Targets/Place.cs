using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DirectMap.Benchmarks.Infrastructure;

namespace DirectMap.Benchmarks.Targets;

/// <summary>Where the files of the measurements lie, and a file there that is removed again.</summary>
internal sealed class Place : IDisposable
{
    private static int s_last;

    private readonly WhenStopped _whenStopped;

    /// <summary>A new file of written bytes.</summary>
    /// <param name="folder"><see cref="Memory"/> or <see cref="Disk"/>.</param>
    /// <param name="length">Bytes.</param>
    internal Place(string folder, long length)
    {
        Path = System.IO.Path.Combine(folder, $"directmap-targets-{Environment.ProcessId}-{Interlocked.Increment(ref s_last)}");
        _whenStopped = WhenStopped.Do(() => System.IO.File.Delete(Path));
        try
        {
            File = DirectFile.Create(Path, length);
        }
        catch
        {
            System.IO.File.Delete(Path);
            _whenStopped.Dispose();
            throw;
        }
    }

    /// <summary>A file system in memory, where there is one.</summary>
    internal static string Memory => Environment.GetEnvironmentVariable("DIRECTMAP_BENCHMARKS_MEMORY") is { Length: > 0 } folder ? folder
        : Directory.Exists("/dev/shm") ? "/dev/shm"
        : Disk;

    /// <summary>DIRECTMAP_BENCHMARKS_FOLDER, or the system's folder for temporary files, which may be in memory, too.</summary>
    internal static string Disk =>
        Environment.GetEnvironmentVariable("DIRECTMAP_BENCHMARKS_FOLDER") is { Length: > 0 } folder ? folder : System.IO.Path.GetTempPath();

    internal string Path { get; }

    internal DirectFile File { get; }

    /// <summary>
    /// The region's first byte, for a raw pointer into the same mapping. Whoever uses it keeps within the region, and is done
    /// before it is disposed.
    /// </summary>
    internal static unsafe byte* StartOf(MappedRegion region)
    {
        using RegionScope scope = region.OpenScope(0, 1);
        scope.Complete();
        return (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(scope.ReadOnlySpan));
    }

    /// <summary>Closes and removes the file.</summary>
    public void Dispose()
    {
        File.Dispose();
        System.IO.File.Delete(Path);
        _whenStopped.Dispose();
    }
}
