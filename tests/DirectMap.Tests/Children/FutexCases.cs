using System.IO.MemoryMappedFiles;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Another process that waits on the first word of a file, which is 0, and prints how the wait ended.</summary>
internal static unsafe class FutexCases
{
    /// <summary>Over a region. Arguments: path, the mapping's access.</summary>
    internal static int WaitInRegion(string[] arguments)
    {
        MappingAccess access = Enum.Parse<MappingAccess>(arguments[1]);
        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Access = access });
        using RegionMemory memory = region.GetMemory(0, sizeof(uint));
        using System.Buffers.MemoryHandle pin = memory.Pin();
        return Wait((uint*)pin.Pointer);
    }

    /// <summary>Over a mapping of a file that is open for reading only. Argument: path.</summary>
    internal static int WaitInReadOnlyFile(string[] arguments)
    {
        using FileStream file = new(arguments[0], FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using MemoryMappedFile mapped = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        using MemoryMappedViewAccessor view = mapped.CreateViewAccessor(0, sizeof(uint), MemoryMappedFileAccess.Read);
        return Wait((uint*)view.SafeMemoryMappedViewHandle.DangerousGetHandle());
    }

    private static int Wait(uint* word)
    {
        int errno = Futex.TryWait(word, 0, Soon.Patience, out FutexEnd end);
        Console.WriteLine(errno == 0 ? $"{end}" : Errno.NameOf(errno));
        return 0;
    }
}
