using System.Runtime.CompilerServices;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.BlockMaps;

/// <summary>
/// The block map of a file as its file system tells it: FIEMAP, or SEEK_DATA and SEEK_HOLE where there is no FIEMAP (tmpfs).
/// </summary>
internal sealed class FileBlockMap(SafeFileHandle file, string path) : IBlockMap
{
    public int GetExtents(FileRange range, Memory<Extent> extents)
    {
        ExtentTiler tiler = new(range, extents.Span);
        int errno = TryFiemap(ref tiler);
        if (errno is Errno.EOPNOTSUPP or Errno.ENOTTY)
        {
            errno = TrySeek(ref tiler);
        }

        return errno == 0 ? tiler.Count : throw Errno.ToException(errno, "reading the block map", path, range);
    }

    private int TryFiemap(ref ExtentTiler tiler)
    {
        Unsafe.SkipInit(out Fiemap.Batch batch); // TryGet sets what the kernel reads, the kernel sets what is read here.
        while (!tiler.IsDone)
        {
            int errno = Fiemap.TryGet(file, tiler.Rest, ref batch);
            if (errno == Errno.EFBIG)
            {
                tiler.AddHoleToEnd(); // No file gets that long here.
                continue;
            }

            if (errno != 0)
            {
                return errno;
            }

            foreach (ref readonly Fiemap.FiemapExtent extent in batch.Extents)
            {
                // FIEMAP_EXTENT_LAST (1) says only that nothing follows.
                tiler.Add((long)extent.Logical, (long)extent.Length, (long)extent.Physical, (ExtentFlags)(extent.Flags & ~1u));
            }

            if (batch.MappedExtents == 0)
            {
                tiler.AddHoleToEnd();
            }
        }

        return 0;
    }

    private int TrySeek(ref ExtentTiler tiler)
    {
        while (!tiler.IsDone)
        {
            int errno = Lseek.TrySeek(file, tiler.Rest.Offset, Lseek.SEEK_DATA, out long data);
            if (errno == Errno.ENXIO)
            {
                tiler.AddHoleToEnd();
                continue;
            }

            if (errno != 0 || (errno = Lseek.TrySeek(file, data, Lseek.SEEK_HOLE, out long hole)) != 0)
            {
                return errno;
            }

            tiler.Add(data, hole - data, -1, ExtentFlags.None);
        }

        return 0;
    }
}
