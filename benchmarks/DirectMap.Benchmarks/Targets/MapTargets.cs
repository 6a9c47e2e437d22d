using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Mapping a prepared file of 64 MiB and letting go of it, the policy's look at its block map and the lease included, beside the BCL's
/// mapping of the same open file.
/// </summary>
internal static class MapTargets
{
    private const long Length = 64 << 20;

    private static DirectFile s_file = null!;
    private static SafeFileHandle s_handle = null!;

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        using Place place = new(Place.Disk, Length);
        using SafeFileHandle handle = File.OpenHandle(place.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        s_file = place.File;
        s_handle = handle;
        yield return Line.AtMost(
            "Map and Dispose, policy included, to a view", 1.5, paired.Compare(Here, Bcl, TimeSpan.FromMicroseconds(200)));
    }

    private static void Here(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_file.Map(MapOptions.DirectOrEmulated).Dispose();
        }
    }

    private static void Bcl(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(
                s_handle, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            using MemoryMappedViewAccessor view = file.CreateViewAccessor();
        }
    }
}
