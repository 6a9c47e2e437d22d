namespace DirectMap.Tests.Infrastructure;

/// <summary>What the kernel says of this process.</summary>
internal static class ProcSelf
{
    internal static int DescriptorsOf(string folder) =>
        Directory.GetFiles("/proc/self/fd").Count(fd => TryReadLink(fd)?.StartsWith(folder, StringComparison.Ordinal) == true);

    internal static int MappingsOf(string folder) => File.ReadAllLines("/proc/self/maps").Count(line => line.Contains(folder, StringComparison.Ordinal));

    internal static void CollectGarbage()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static string? TryReadLink(string fd)
    {
        try
        {
            return new FileInfo(fd).LinkTarget;
        }
        catch (IOException)
        {
            return null; // Closed meanwhile.
        }
    }
}
