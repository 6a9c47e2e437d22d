using System.Runtime.CompilerServices;
using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <content>Pages that were lost, as those who use the region are told of them.</content>
internal sealed partial class RegionCore
{
    /// <summary>Whether a lost page has made the whole region unusable.</summary>
    private bool IsFaulted
    {
        get
        {
            bool isLost = _faults.IsRegionLost;
            GC.KeepAlive(this);
            return isLost;
        }
    }

    /// <summary>
    /// Whether what an access met was the file's, when the word was not as it should be. The access was made already, and
    /// <paramref name="word"/> is what the region's word was before it: see <see cref="RegionMapping"/>.
    /// </summary>
    /// <exception cref="MappingFaultException">It touched a lost page, or the mapping was revoked.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)] // At every access, and hardly ever called.
    internal unsafe void Confirm(int* word, long offset, long length, FaultAccess access) =>
        Confirm(word, offset, length, access, offset, length);

    /// <summary>The same for an access of which only a part was made so far.</summary>
    internal unsafe void Confirm(int* word, long offset, long length, FaultAccess access, long madeFrom, long made)
    {
        FileRange range = new(Facts.Range.Offset + offset, length);
        if (Life > MappingLife.Releasing)
        {
            throw Fault(range, access);
        }

        if (_faults.Find(word, madeFrom, made) is { } diagnosis)
        {
            throw Events.Faulted(diagnosis.ToException(Facts.Path, access, range));
        }

        GC.KeepAlive(this);
    }

    /// <summary>What is lost now, as bytes of the file.</summary>
    internal FileRange[] LostRanges()
    {
        FileRange[] lost = _faults.LostRanges();
        GC.KeepAlive(this);
        return lost;
    }

    /// <summary>Maps the file again where pages were lost.</summary>
    internal FileRange[] Restore(MappedRegion region)
    {
        FileRange[] lost = _faults.Restore(
            region.Publish,
            range => Judge(range.Offset - Facts.Range.Offset, range.Length, FaultAccess.Restore),
            () => Fault(Facts.Range, FaultAccess.Restore));
        GC.KeepAlive(this);
        return lost;
    }

    /// <summary>A copy by system call met a page that is not there.</summary>
    internal MappingFaultException CopyFault(FileRange range, FileRange lost, FaultAccess access) =>
        Events.Faulted(_faults.Diagnose(lost).ToException(Facts.Path, access, range));
}
