using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DirectMap.Benchmarks.Targets;

/// <summary>Where the files of the measurements lie, and a file there that is removed again.</summary>
internal sealed class Place : IDisposable
{
    private static readonly ConcurrentDictionary<string, bool> s_made = new();

    // What stops the program: with its default action alone it would end without Dispose.
    private static readonly PosixSignalRegistration[] s_signals =
        [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, static _ => Array.ForEach([.. s_made.Keys], System.IO.File.Delete)))];

    private static int s_last;

    /// <summary>A new file of written bytes.</summary>
    /// <param name="folder"><see cref="Memory"/> or <see cref="Disk"/>.</param>
    /// <param name="length">Bytes.</param>
    internal Place(string folder, long length)
    {
        Path = System.IO.Path.Combine(folder, $"directmap-targets-{Environment.ProcessId}-{Interlocked.Increment(ref s_last)}");
        s_made[Path] = true;
        try
        {
            File = DirectFile.Create(Path, length);
        }
        catch
        {
            System.IO.File.Delete(Path);
            throw;
        }
    }

    /// <summary>A file system in memory, where there is one.</summary>
    internal static string Memory => Environment.GetEnvironmentVariable("DIRECTMAP_BENCHMARKS_MEMORY") is { } folder ? folder : Directory.Exists("/dev/shm") ? "/dev/shm" : Disk;

    /// <summary>DIRECTMAP_BENCHMARKS_FOLDER, or the system's folder for temporary files, which may be in memory, too.</summary>
    internal static string Disk => Environment.GetEnvironmentVariable("DIRECTMAP_BENCHMARKS_FOLDER") ?? System.IO.Path.GetTempPath();

    internal string Path { get; }

    internal DirectFile File { get; }

    /// <summary>The region's first byte, for a raw pointer into the same mapping. Whoever uses it keeps within the region, and is done before it is disposed.</summary>
    internal static unsafe byte* StartOf(MappedRegion region)
    {
        using RegionScope scope = region.Acquire(0, 1);
        scope.Complete();
        return (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(scope.ReadOnlySpan));
    }

    /// <summary>Closes and removes the file.</summary>
    public void Dispose()
    {
        File.Dispose();
        System.IO.File.Delete(Path);
        s_made.TryRemove(Path, out _);
    }
}
