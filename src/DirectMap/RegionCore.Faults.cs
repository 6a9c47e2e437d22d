using System.Runtime.CompilerServices;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap;

/// <content>Pages that were lost: what an access that met one is told, and how they come back.</content>
internal sealed partial class RegionCore
{
    /// <summary>Whether a lost page has made the whole region unusable.</summary>
    private bool IsFaulted
    {
        get
        {
            bool hasLost = Facts.FaultReach == FaultReach.Region && Mapping.HasLost;
            GC.KeepAlive(this);
            return hasLost;
        }
    }

    /// <summary>
    /// Whether what an access met was the file's, when the word was not as it should be. The access was made already, and <paramref name="word"/> is what the region's word was before it: see <see cref="RegionMapping"/>.
    /// </summary>
    /// <exception cref="MappingFaultException">It touched a lost page, or the mapping was revoked.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)] // At every access, and hardly ever called.
    internal unsafe void Confirm(int* word, long offset, long length, FaultAccess access)
    {
        FileRange range = new(Facts.Range.Offset + offset, length);
        if (Word > RegionWord.Releasing)
        {
            throw Fault(range, access);
        }

        if (TryFindLost(word, offset, length, access) is { } diagnosis)
        {
            throw Events.Faulted(diagnosis.ToException(Facts.Path, access, range));
        }

        GC.KeepAlive(this);
    }

    private unsafe RegionFaults.Diagnosis? TryFindLost(int* word, long offset, long length, FaultAccess access)
    {
        FaultHandler.StateBlock* state = RegionMapping.StateOf(word);
        if ((Volatile.Read(ref state->Word) & (int)RegionWord.Lost) == 0 || Mapping.Lost is not { } lost)
        {
            return null;
        }

        long page = Environment.SystemPageSize;
        LostPages.Run? touched = length > 0 ? lost.FirstSince(state->Generation, offset / page, ((offset + length - 1) / page) + 1) : null;
        if (Facts.FaultReach == FaultReach.Page)
        {
            return touched is { } run ? _faults.Diagnose(run) : null;
        }

        // The first one is found out once for a generation: by the next access the disk may have room again.
        FirstFault? first = _firstFault;
        if (first?.Generation != state->Generation)
        {
            LostPages.Run origin = lost.First(state);
            _firstFault = first = new FirstFault(state->Generation, origin.First, _faults.Diagnose(origin));
        }

        return touched switch
        {
            null => first.Diagnosis,
            { } own when own.First == first.Page => first.Diagnosis with { Lost = _faults.RangeOf(own) },
            { } own => _faults.Diagnose(own),
        };
    }

    /// <summary>What is lost now, as bytes of the file.</summary>
    internal FileRange[] LostRanges()
    {
        lock (_gate)
        {
            FileRange[] lost = Word <= RegionWord.Releasing && Mapping.Lost is { } pages ? [.. pages.Now().Select(_faults.RangeOf)] : [];
            GC.KeepAlive(this);
            return lost;
        }
    }

    /// <summary>Maps the file again where pages were lost. The new word is told before anybody else can restore.</summary>
    internal unsafe FileRange[] Restore(MappedRegion region)
    {
        lock (_gate)
        {
            if (Word > RegionWord.Releasing)
            {
                throw Fault(Facts.Range, FaultAccess.Restore);
            }

            FileRange[] lost = LostRanges();
            if (lost.Length == 0)
            {
                return [];
            }

            bool isRestored;
            int errno;
            try
            {
                CheckBeforeRestoring(lost);
                isRestored = Mapping.TryRestore(_inode.File, Facts.Range.Offset, out errno, out int* word);
                if (isRestored)
                {
                    region.Publish((nint)word);
                }
            }
            catch (ObjectDisposedException) when (Word > RegionWord.Releasing)
            {
                throw Fault(Facts.Range, FaultAccess.Restore);
            }

            if (!isRestored && Word > RegionWord.Releasing)
            {
                throw Fault(Facts.Range, FaultAccess.Restore);
            }

            // EFAULT and the like: the kernel still cannot provide the page, which the result says.
            return errno is Errno.ENOMEM or Errno.EACCES or Errno.EPERM ? throw Errno.ToException(errno, "mmap", Facts.Path, Facts.Range) : LostRanges();
        }
    }

    /// <summary>A page that is restored is asked of the file system as by a store, so it must be one that a store may ask for.</summary>
    private void CheckBeforeRestoring(FileRange[] lost)
    {
        int errno = TryGetSize(out long size);
        if (errno != 0)
        {
            throw Word > RegionWord.Releasing ? Fault(Facts.Range, FaultAccess.Restore) : Errno.ToException(errno, "statx", Facts.Path, Facts.Range);
        }

        _guard?.Forget();
        foreach (FileRange range in lost)
        {
            FileRange there = new(range.Offset, Math.Max(0, Math.Min(range.End, size) - range.Offset));
            if (there.Length > 0)
            {
                _checkExtents?.Invoke(there);
                if (IsGuarded)
                {
                    Judge(there.Offset - Facts.Range.Offset, there.Length, FaultAccess.Restore);
                }
            }
        }
    }

    /// <summary>A copy by system call met a page that is not there.</summary>
    internal MappingFaultException CopyFault(FileRange range, FileRange lost, FaultAccess access) => Events.Faulted(_faults.Diagnose(lost, FaultCode.None).ToException(Facts.Path, access, range));

    private sealed record FirstFault(uint Generation, long Page, RegionFaults.Diagnosis Diagnosis);
}
