using System.Globalization;
using DirectMap.FileSystems;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.DaxTests.Running;

/// <summary>Where the cases run, and what there must be.</summary>
/// <param name="Folder">On the file system that is tested.</param>
/// <param name="Granularity">What a region has that asks for nothing.</param>
/// <param name="IsSync">Whether files are mapped with MAP_SYNC.</param>
/// <param name="Reason">A part of why the granularity is not smaller; empty for a byte.</param>
internal sealed record Setting(string Folder, PersistGranularity Granularity, bool IsSync, string Reason)
{
    internal const int Page = 4096;

    internal string FileSystem => new DriveInfo(Folder).DriveFormat;

    /// <summary>
    /// Whether a persist finds out by itself that a page is gone. QEMU's own processors take the flush of a line for nothing, and raise no
    /// fault; real ones do.
    /// </summary>
    internal bool PersistTouches =>
        Granularity != PersistGranularity.CacheLine || !File.ReadAllText("/proc/cpuinfo").Contains("QEMU TCG", StringComparison.Ordinal);

    /// <summary>A path of the running case.</summary>
    internal string this[string name] => Path.Combine(Folder, name);

    /// <summary>The VmFlags of the region's first page.</summary>
    internal static unsafe string[] FlagsOf(MappedRegion region) => ProcSelf.FlagsAt(AddressOf(region));

    internal static unsafe nint AddressOf(MappedRegion region)
    {
        using RegionScope scope = region.OpenScope(0, 1);
        fixed (byte* start = scope.ReadOnlySpan)
        {
            return (nint)start; // Only looked at, never followed.
        }
    }

    /// <summary>How many page faults without input or output this process has had (field minflt of proc(5)).</summary>
    internal static long PageFaults =>
        long.Parse(File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ')[7], CultureInfo.InvariantCulture);

    /// <summary>By other means than the library.</summary>
    internal static void SetLengthOutside(string path, long length)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(length);
    }
}

/// <param name="Name">A sentence.</param>
/// <param name="Run">Returns, or throws.</param>
internal sealed record Case(string Name, Action<Setting> Run);
