using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Infrastructure;

/// <summary>Files in states that need neither root nor a file system of their own.</summary>
internal static class TestFile
{
    internal const int Length = 1 << 20;

    internal static string Written(TestDirectory directory, string name = "written")
    {
        DirectFile.Create(directory.File(name), Length).Dispose();
        return directory.File(name);
    }

    internal static string Hole(TestDirectory directory, long length = Length, string name = "hole")
    {
        using FileStream file = File.Create(directory.File(name));
        file.SetLength(length);
        return file.Name;
    }

    internal static string Unwritten(TestDirectory directory)
    {
        using DirectFile file = DirectFile.Open(Hole(directory, 0, "unwritten"));
        file.Allocate(0, Length);
        return file.Path;
    }

    internal static string Pattern(TestDirectory directory, int length)
    {
        byte[] content = new byte[length];
        new Random(7).NextBytes(content);
        string path = directory.File("pattern");
        File.WriteAllBytes(path, content);
        using DirectFile file = DirectFile.Open(path);
        file.Prepare();
        return path;
    }

    /// <summary>Where nobody can judge the file system (overlayfs) these tests would test that only.</summary>
    internal static void RequireVerifiedFileSystem(TestDirectory directory)
    {
        using DirectFile file = DirectFile.Create(directory.File("probe"), 4096);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Requires.Have(
            "verified-fs",
            region.Facts.BlockMapStability == BlockMapStability.Stable,
            "needs a temp folder on a file system that can be judged");
        File.Delete(file.Path);
    }
}
