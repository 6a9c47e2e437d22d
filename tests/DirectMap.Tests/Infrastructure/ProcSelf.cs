using System.Globalization;

namespace DirectMap.Tests.Infrastructure;

/// <summary>What the kernel says of this process.</summary>
internal static class ProcSelf
{
    internal static int DescriptorsOf(string folder) =>
        Directory.GetFiles("/proc/self/fd").Count(fd => TryReadLink(fd)?.StartsWith(folder, StringComparison.Ordinal) == true);

    /// <summary>The flags (fcntl F_GETFL, and O_CLOEXEC) of all descriptors of a file, in order.</summary>
    internal static int[] DescriptorFlagsOf(string path) =>
    [
        .. from descriptor in Directory.GetFiles("/proc/self/fd")
           where TryReadLink(descriptor) == path
           let lines = File.ReadAllLines($"/proc/self/fdinfo/{Path.GetFileName(descriptor)}")
           select Convert.ToInt32(lines.Single(line => line.StartsWith("flags:", StringComparison.Ordinal)).Split('\t')[1], 8) into flags
           orderby flags
           select flags
    ];

    internal static int MappingsOf(string folder) =>
        File.ReadAllLines("/proc/self/maps").Count(line => line.Contains(folder, StringComparison.Ordinal));

    /// <summary>A line of /proc/self/status that is a number of kibibytes (VmData, VmLck).</summary>
    internal static long Kibibytes(string name) => long.Parse(
        File.ReadLines("/proc/self/status").Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    /// <summary>How much of a file this process has stored to and nobody has written back.</summary>
    internal static int DirtyKibibytes(string path)
    {
        int dirty = 0;
        bool ours = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (line.Length > 0 && char.IsAsciiHexDigitLower(line[0]) && line.Contains('-', StringComparison.Ordinal))
            {
                ours = line.EndsWith(path, StringComparison.Ordinal);
            }
            else if (ours
                && (line.StartsWith("Private_Dirty:", StringComparison.Ordinal)
                    || line.StartsWith("Shared_Dirty:", StringComparison.Ordinal)))
            {
                dirty += int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
            }
        }

        return dirty;
    }

    /// <summary>The VmFlags of the mapping at an address (sf: MAP_SYNC; dc: MADV_DONTFORK); empty where nothing is mapped.</summary>
    internal static string[] FlagsAt(nint address)
    {
        const string Flags = "VmFlags:";
        bool ours = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] bounds = line.Split(' ', 2)[0].Split('-');
            if (bounds.Length == 2)
            {
                ours = ulong.Parse(bounds[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= (ulong)address
                    && (ulong)address < ulong.Parse(bounds[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
            else if (ours && line.StartsWith(Flags, StringComparison.Ordinal))
            {
                return line[Flags.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            }
        }

        return [];
    }

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
