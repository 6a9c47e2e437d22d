using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Takes all the space of a file system, to the last block, until it is disposed.</summary>
internal sealed class DiskFill : IDisposable
{
    private const int Block = 4096;

    private readonly string _path;

    internal DiskFill(string folder)
    {
        _path = Path.Combine(folder, $"filler-{Guid.NewGuid():N}");
        using SafeFileHandle file = PlainCalls.Open(_path, PlainCalls.O_RDWR | PlainCalls.O_CREAT | PlainCalls.O_EXCL);
        long end = 0;
        for (long size = 64 << 20; size >= Block;)
        {
            if (PlainCalls.Allocate(file, 0, end, size).Errno == 0)
            {
                end += size;
            }
            else
            {
                size /= 2;
            }
        }

        // What a file system keeps for itself it may give to a plain write.
        byte[] block = new byte[Block];
        while (PlainCalls.Write(file, block, end).Errno == 0)
        {
            end += Block;
        }

        _ = PlainCalls.Fsync(file);
    }

    public void Dispose() => File.Delete(_path);
}
