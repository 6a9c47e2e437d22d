using System.IO.MemoryMappedFiles;

namespace DirectMap.FaultMatrix.Child;

/// <summary>What the BCL has of the accesses.</summary>
internal static class BclAccess
{
    internal static void Make(MemoryMappedViewAccessor accessor, Access access, long offset)
    {
        if (access.Kind == AccessKind.Load)
        {
            _ = accessor.ReadInt64(offset);
        }
        else
        {
            accessor.Write(offset, -1L);
        }
    }
}
