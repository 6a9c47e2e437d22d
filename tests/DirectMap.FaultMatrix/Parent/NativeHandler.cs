using DirectMap.Tests.Infrastructure;

namespace DirectMap.FaultMatrix.Parent;

/// <summary>Whether the native handler is there, as a region says it.</summary>
internal static class NativeHandler
{
    private const string Library = "libdirectmap.so";

    internal static Stated<ContainmentKind> Find()
    {
        using TestDirectory directory = new();
        File.WriteAllBytes(directory.File(), new byte[PageRun.Page]);
        using DirectFile file = DirectFile.Open(directory.File());
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        return region.Facts.Containment;
    }

    /// <summary>A copy of this program that does not have it.</summary>
    internal static string CopyWithout(string folder)
    {
        string from = AppContext.BaseDirectory;
        foreach (string path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) != Library))
        {
            string to = Path.Combine(folder, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(path, to);
        }

        return Path.Combine(folder, Path.GetFileName(typeof(NativeHandler).Assembly.Location));
    }
}
