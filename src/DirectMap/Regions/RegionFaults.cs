using System.Runtime.CompilerServices;
using DirectMap.Faults;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <summary>
/// What a region does about faults: it has accesses judged before they are made, finds pages that were lost, says why, and brings them
/// back. Its caller keeps the mapping alive meanwhile.
/// </summary>
internal sealed class RegionFaults
{
    private readonly RegionMapping _mapping;
    private readonly RegionFacts _facts;
    private readonly InodeReference _inode;
    private readonly FaultDiagnosis _diagnosis;
    private readonly LostPageFinder _lostPages;
    private readonly AccessGuard? _guard;
    private readonly JudgedExtents? _extents;
    private Restoration? _restoration;

    /// <param name="mapping">The region's.</param>
    /// <param name="facts">The region's.</param>
    /// <param name="inode">The file; stays the caller's.</param>
    /// <param name="diagnosis">Says why a page was lost.</param>
    /// <param name="guard">Judges each access; null where the mapping was judged as a whole.</param>
    /// <param name="extents">What was judged then; null where nothing had to be.</param>
    internal RegionFaults(
        RegionMapping mapping,
        RegionFacts facts,
        InodeReference inode,
        FaultDiagnosis diagnosis,
        AccessGuard? guard,
        JudgedExtents? extents)
    {
        _mapping = mapping;
        _facts = facts;
        _inode = inode;
        _diagnosis = diagnosis;
        _lostPages = new LostPageFinder(mapping, facts, diagnosis);
        _guard = guard;
        _extents = extents;
    }

    /// <summary>Whether each access has to be judged before it is made.</summary>
    internal bool AreGuarded => _guard is not null;

    /// <inheritdoc cref="LostPageFinder.IsRegionLost"/>
    internal bool IsRegionLost => _lostPages.IsRegionLost;

    /// <summary>Looks whether the file is otherwise than it was mapped, since a change of it may have gone unnoticed.</summary>
    /// <param name="seen">Where its blocks lay; null where that is not known.</param>
    /// <returns>What has changed, in words; null for nothing that can be seen.</returns>
    internal string? WhatHasChanged(SeenLayout? seen)
    {
        try
        {
            if (_inode.File.TryGetLength(out long size) != 0)
            {
                return null;
            }

            if (size < _facts.Range.End)
            {
                return $"it has {size} bytes, and bytes {_facts.Range} are mapped";
            }

            if (_extents is null || _guard is not null)
            {
                return null; // Nothing was judged when it was mapped.
            }

            _ = ExtentCheck.Run(_extents, _facts.Range, size, out SeenLayout? now);
            return seen is not null && now is not null && seen.Moves == now.Moves && seen.Print != now.Print
                ? $"blocks of bytes {_facts.Range} lie elsewhere than when they were mapped, or are shared"
                : null;
        }
        catch (MapRefusedException refusal)
        {
            return $"what is mapped is not what was allowed to be mapped: {refusal.Message}";
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or NotSupportedException)
        {
            return null; // It cannot be looked at, or is closed.
        }
    }

    /// <summary>Judges an access; only where <see cref="AreGuarded"/>.</summary>
    /// <exception cref="MappingFaultException">It must not be made.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // At every guarded access.
    internal void Judge(long offset, long length, FaultAccess access)
    {
        bool mayStore = access is FaultAccess.Scope or FaultAccess.Memory or FaultAccess.Restore;
        bool writes = access == FaultAccess.Write || (mayStore && _facts.Access == MappingAccess.ReadWrite);
        _guard!.Check(offset, length, access, writes);
    }

    /// <inheritdoc cref="LostPageFinder.Find"/>
    internal unsafe FaultDiagnosis.Result? Find(int* word, long offset, long length) => _lostPages.Find(word, offset, length);

    /// <summary>What is lost now, as bytes of the file.</summary>
    internal FileRange[] LostRanges() => _lostPages.Ranges();

    /// <summary>Maps the file again where pages were lost.</summary>
    /// <param name="publish">Gives the accesses the address of the new word.</param>
    /// <param name="judge">Judges an access to some bytes of the file, where accesses are guarded.</param>
    /// <param name="gone">Why nothing can be restored once the mapping was disposed or revoked.</param>
    /// <returns>What is lost all the same.</returns>
    internal FileRange[] Restore(Action<nint> publish, Action<FileRange> judge, Func<Exception> gone)
    {
        Restoration restoration = Volatile.Read(ref _restoration) ?? Publish(new Restoration(
            _mapping, _facts, _inode, _lostPages, (lost, asked) => JudgeAgain(lost, asked, judge), gone));
        return restoration.Run(publish);
    }

    /// <summary>Why a copy by system call did not get some bytes.</summary>
    internal FaultDiagnosis.Result Diagnose(FileRange lost) => _diagnosis.Diagnose(lost, FaultCode.None);

    /// <inheritdoc cref="FaultDiagnosis.TryGetExtent"/>
    internal Extent? TryGetExtent(long offset) => _diagnosis.TryGetExtent(offset);

    private Restoration Publish(Restoration made) => Interlocked.CompareExchange(ref _restoration, made, null) ?? made;

    private void JudgeAgain(FileRange[] lost, FileRange[] asked, Action<FileRange> judge)
    {
        if (_guard is not null)
        {
            // What was taken along is judged when it is accessed.
            _guard.Forget();
            Array.ForEach(asked, judge);
        }
        else if (_extents is not null)
        {
            Array.ForEach(lost, range => ExtentCheck.Run(_extents, range, range.End));
        }
    }
}
