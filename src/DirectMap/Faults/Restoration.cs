using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Threading;

namespace DirectMap.Faults;

/// <summary>
/// Maps the file again where a mapping has lost pages. Only restorations of the same mapping wait for it: what takes long is done without
/// the mapping's gate. Its caller keeps the mapping alive meanwhile.
/// </summary>
/// <param name="mapping">What has lost pages.</param>
/// <param name="facts">Of the mapping.</param>
/// <param name="inode">The file.</param>
/// <param name="lostPages">Finds those that are lost.</param>
/// <param name="judge">Throws where the fault policy refuses what is lost, or that part of it which the kernel is asked for.</param>
/// <param name="gone">Why nothing can be restored once the mapping was disposed or revoked.</param>
internal sealed unsafe class Restoration(
    RegionMapping mapping,
    RegionFacts facts,
    InodeReference inode,
    LostPageFinder lostPages,
    Action<FileRange[], FileRange[]> judge,
    Func<Exception> gone)
{
    private readonly UninterruptedLock _gate = new();

    private bool IsGone => mapping.Life > MappingLife.Releasing;

    /// <summary>Restores what can be had.</summary>
    /// <param name="publish">Gives the accesses the address of the new word.</param>
    /// <returns>What is lost all the same.</returns>
    internal FileRange[] Run(Action<nint> publish)
    {
        using (_gate.Enter())
        {
            FileRange[] lost = lostPages.Ranges();
            ThrowIfGone(); // Of a mapping that is gone nothing is lost, and nothing came back either.
            if (lost.Length == 0)
            {
                return [];
            }

            try
            {
                List<LostPages.Run> asked = lostPages.ToBeAskedFor();
                Judge(lost, [.. asked.Select(lostPages.RangeOf)]);
                MapAgain(publish, new LostPageProbe(facts, inode).Ask(asked, ThrowIfGone));
            }
            catch (ObjectDisposedException) when (IsGone)
            {
                // The file was disposed together with the region, which is said next.
            }

            lost = lostPages.Ranges();
            ThrowIfGone(); // As above.
            return lost;
        }
    }

    private void MapAgain(Action<nint> publish, ReadOnlySpan<long> good)
    {
        if (mapping.TryRestore(inode.File.Handle, facts.Range.Offset, good, out int errno, out int* word))
        {
            publish((nint)word); // Before anybody else can restore.
        }

        if (errno != 0)
        {
            throw Errno.ToException(errno, "mmap", facts.Path, facts.Range);
        }
    }

    private void ThrowIfGone()
    {
        if (IsGone)
        {
            throw gone();
        }
    }

    /// <summary>A page that is restored is asked of the file system as by a store, so it must be one that a store may ask for.</summary>
    private void Judge(FileRange[] lost, FileRange[] asked)
    {
        int errno = TryGetSize(out long size);
        if (errno != 0)
        {
            throw IsGone ? gone() : Errno.ToException(errno, "statx", facts.Path, facts.Range);
        }

        judge(Within(lost, size), Within(asked, size));
    }

    private int TryGetSize(out long size)
    {
        try
        {
            return inode.File.TryGetLength(out size);
        }
        catch (ObjectDisposedException)
        {
            size = 0;
            return Errno.EBADF; // Disposed meanwhile: the state word says so too, and is asked next.
        }
    }

    private static FileRange[] Within(FileRange[] ranges, long size) =>
    [
        .. from range in ranges
        where range.Offset < size
        select new FileRange(range.Offset, Math.Min(range.End, size) - range.Offset)
    ];
}
