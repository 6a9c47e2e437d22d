using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Stores on a full disk, which would end the process if they were made.</summary>
internal static class FullDiskCases
{
    private const int Size = 1 << 20;

    /// <summary>
    /// Argument: a folder on the file system to fill. Each store works or is a fault for lack of space, and at least one is.
    /// </summary>
    internal static int StoreThroughJudgedMappings(string[] arguments)
    {
        string sparse = Path.Combine(arguments[0], "sparse");
        string written = Path.Combine(arguments[0], "written");
        using (FileStream stream = File.Create(sparse))
        {
            stream.SetLength(Size);
        }

        File.WriteAllBytes(written, new byte[Size]);
        using DirectFile sparseFile = DirectFile.Open(sparse);
        using DirectFile writtenFile = DirectFile.Open(written);
        writtenFile.Flush();
        using MappedRegion inSparse = sparseFile.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });
        using MappedRegion inWritten = writtenFile.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });
        using DiskFill fill = new(arguments[0]);
        int faults = 0;
        for (int offset = 0; offset < Size; offset += 4096)
        {
            foreach (MappedRegion region in (MappedRegion[])[inSparse, inWritten])
            {
                try
                {
                    region.Write(offset, 1L);
                }
                catch (MappingFaultException fault) when (fault.Cause == FaultCause.NoSpace)
                {
                    faults++;
                }
            }
        }

        Console.WriteLine($"{faults} faults");
        return faults > 0 ? 0 : 1;
    }
}
