using System.Runtime.CompilerServices;
using DirectMap.Faults;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <content>Pages that were lost: what an access that met one is told, and how they come back.</content>
internal sealed partial class RegionCore
{
    private LostPages? Lost => Mapping.Contained is { } contained ? new LostPages(contained) : null;

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
        if (Word > RegionWord.Releasing)
        {
            throw Fault(range, access);
        }

        if (TryFindLost(word, madeFrom, made) is { } diagnosis)
        {
            throw Events.Faulted(diagnosis.ToException(Facts.Path, access, range));
        }

        GC.KeepAlive(this);
    }

    private unsafe FaultDiagnosis.Result? TryFindLost(int* word, long offset, long length)
    {
        FaultHandler.StateBlock* state = RegionMapping.StateOf(word);
        if ((Volatile.Read(ref state->Word) & (int)RegionWord.Lost) == 0 || Lost is not { } lost)
        {
            return null;
        }

        long page = Environment.SystemPageSize;
        LostPages.Run? touched = length > 0 ? lost.FirstSince(state->Generation, offset / page, ((offset + length - 1) / page) + 1) : null;
        if (touched is null && Facts.FaultReach == FaultReach.Page)
        {
            return null;
        }

        return touched switch
        {
            null => FirstOf(lost, state).Diagnosis,
            { IsTakenAlong: true } run => TakenAlong(run, FirstOf(lost, state).Diagnosis),
            { } run when Facts.FaultReach == FaultReach.Region && FirstOf(lost, state) is var first && run.First == first.Page =>
                first.Diagnosis with { Lost = _diagnosis.RangeOf(run) },
            { } run => _diagnosis.Diagnose(run),
        };
    }

    /// <summary>The first fault of a generation is looked into once: by the next access the disk may have room again.</summary>
    private unsafe FirstFault FirstOf(LostPages lost, FaultHandler.StateBlock* state)
    {
        FirstFault? first = _firstFault;
        if (first?.Generation != state->Generation)
        {
            LostPages.Run origin = lost.First(state);
            _firstFault = first = new FirstFault(state->Generation, origin.First, _diagnosis.Diagnose(origin));
        }

        return first;
    }

    private FaultDiagnosis.Result TakenAlong(LostPages.Run run, FaultDiagnosis.Result first) => first with
    {
        Lost = _diagnosis.RangeOf(run),
        Detail = $"taken along when bytes {first.Lost} were lost, since the process has too many lost pages (vm.max_map_count), "
            + $"or no memory, for single ones{(first.Detail is null ? "" : $"; of those: {first.Detail}")}",
    };

    /// <summary>What is lost now, as bytes of the file.</summary>
    internal FileRange[] LostRanges()
    {
        FileRange[] lost = Word <= RegionWord.Releasing && Lost is { } pages ? [.. pages.Now().Select(_diagnosis.RangeOf)] : [];
        GC.KeepAlive(this);
        return lost;
    }

    /// <summary>
    /// Maps the file again where pages were lost. Only restorations wait for it: what takes long is done without the gates.
    /// </summary>
    internal FileRange[] Restore(MappedRegion region)
    {
        lock (_restoration)
        {
            FileRange[] lost = LostRanges();
            ThrowIfGone(); // Of a region that is gone nothing is lost, and nothing came back either.
            if (Lost is not { } pages || lost.Length == 0)
            {
                return [];
            }

            try
            {
                // Pages that were only taken along need not be asked for. Where none could be noted there is no telling which these are.
                LostPages.Run[] noted = [.. pages.NotedNow()];
                noted = noted.Length > 0 ? noted : [.. pages.Now()];
                CheckBeforeRestoring(lost, [.. noted.Select(_diagnosis.RangeOf)]);
                MapAgain(region, new LostPageProbe(Facts, _inode).Ask(noted, ThrowIfGone));
            }
            catch (ObjectDisposedException) when (Word > RegionWord.Releasing)
            {
                // The file was disposed together with the region, which is said next.
            }

            lost = LostRanges();
            ThrowIfGone(); // As above.
            return lost;
        }
    }

    private unsafe void MapAgain(MappedRegion region, ReadOnlySpan<long> good)
    {
        if (Mapping.TryRestore(_inode.File, Facts.Range.Offset, good, out int errno, out int* word))
        {
            region.Publish((nint)word); // Before anybody else can restore.
        }

        if (errno != 0)
        {
            throw Errno.ToException(errno, "mmap", Facts.Path, Facts.Range);
        }
    }

    private void ThrowIfGone()
    {
        if (Word > RegionWord.Releasing)
        {
            throw Fault(Facts.Range, FaultAccess.Restore);
        }
    }

    /// <summary>A page that is restored is asked of the file system as by a store, so it must be one that a store may ask for.</summary>
    private void CheckBeforeRestoring(FileRange[] lost, FileRange[] noted)
    {
        int errno = TryGetSize(out long size);
        if (errno != 0)
        {
            throw Word > RegionWord.Releasing
                ? Fault(Facts.Range, FaultAccess.Restore)
                : Errno.ToException(errno, "statx", Facts.Path, Facts.Range);
        }

        if (_checkExtents is not null)
        {
            foreach (FileRange range in Within(lost, size))
            {
                _checkExtents(range);
            }
        }

        if (_guard is not null)
        {
            // What was taken along is judged when it is accessed.
            _guard.Forget();
            foreach (FileRange range in Within(noted, size))
            {
                Judge(range.Offset - Facts.Range.Offset, range.Length, FaultAccess.Restore);
            }
        }
    }

    private static IEnumerable<FileRange> Within(FileRange[] ranges, long size) =>
        from range in ranges
        where range.Offset < size
        select new FileRange(range.Offset, Math.Min(range.End, size) - range.Offset);

    /// <summary>A copy by system call met a page that is not there.</summary>
    internal MappingFaultException CopyFault(FileRange range, FileRange lost, FaultAccess access) =>
        Events.Faulted(_diagnosis.Diagnose(lost, FaultCode.None).ToException(Facts.Path, access, range));

    private sealed record FirstFault(uint Generation, long Page, FaultDiagnosis.Result Diagnosis);
}
