using System.IO.MemoryMappedFiles;
using DirectMap.FaultMatrix.Causes;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.FaultMatrix.Child;

/// <summary>
/// Stores one after the other until the disk is full: that one says so, also when another thread was told before, and all
/// others are in the file.
/// </summary>
internal sealed class OwnStoresCell(Access access, string path, FaultReach reach, Site site)
{
    private static readonly long s_page = PageRun.Page;

    // Each one begins where the one before has ended, but for some bytes of the last page.
    private readonly long _step = access.Reach == AccessReach.Pages ? 40 * s_page : s_page;
    private readonly int _from = access.Reach == AccessReach.Pages ? 64 : 8;
    private readonly int _length = access.Reach == AccessReach.Pages ? (int)((40 * s_page) - 128) : sizeof(long);

    internal void Run(How how, DirectFileOptions options)
    {
        if (how == How.Bcl)
        {
            RunBcl();
            return;
        }

        using DirectFile file = DirectFile.Open(path, options);
        using MappedRegion region = file.Map(
            MapOptions.Ordinary with
            {
                FaultReach = reach,
                FaultContainment = how == How.Handler ? FaultContainment.Required
                    : how == How.Off ? FaultContainment.Off
                    : FaultContainment.Auto
            });
        if (how == How.Handler)
        {
            RunContained(region);
        }
        else if (how == How.Copies && access.IsCopy)
        {
            (MappingFaultException fault, long offset) = StoreUntilFull(region);
            CheckException(fault, access.Reports, offset, _length);
        }
        else
        {
            Cell.ExpectEnd();
            StoreUntilFull(region);
        }
    }

    private void RunContained(MappedRegion region)
    {
        (MappingFaultException fault, long offset) = access.Name == "span-write" ? StoreSpansUntilFull(region) : StoreUntilFull(region);
        CheckException(fault, access.Reports, offset, _length);
        IReadOnlyList<FileRange> lost = region.GetLostRanges();
        Check.That(lost.Count > 0 && fault.Lost == lost[0], $"{fault.Lost} is lost, but GetLostRanges tells {string.Join(", ", lost)}");
        Check.Equal(reach == FaultReach.Region ? RegionState.Faulted : RegionState.Active, region.State, "the state");
        CheckBefore(offset);
        OwnStores.Mend(site);
        Check.Equal("", string.Join(", ", region.RestoreLostPages()), "what RestoreLostPages leaves");
        Check.Equal(RegionState.Active, region.State, "the state after the restoration");
        access.Make(region, offset, _length, () => { });
        CheckBefore(offset + _step);
    }

    private (MappingFaultException Fault, long Offset) StoreUntilFull(MappedRegion region)
    {
        for (long offset = _from; offset + _length <= OwnStores.Length; offset += _step)
        {
            try
            {
                access.Make(region, offset, _length, () => { });
            }
            catch (MappingFaultException fault)
            {
                return (fault, offset);
            }
        }

        throw new CellFailure("the disk is larger than the file");
    }

    /// <summary>Before the scope is told, another thread's load of the page is.</summary>
    private (MappingFaultException Fault, long Offset) StoreSpansUntilFull(MappedRegion region)
    {
        for (long offset = _from; offset + _length <= OwnStores.Length; offset += _step)
        {
            using RegionScope scope = region.OpenScope(offset, _length);
            scope.Span.Fill(Access.Stored);
            if (region.GetLostRanges() is not [var lost, ..])
            {
                scope.Complete();
                continue;
            }

            MappingFaultException? other = null;
            Thread reader = new(() =>
                other = Check.Throws<MappingFaultException>(() => region.Read<byte>(lost.Offset), "another thread's load of a lost page"));
            reader.Start();
            reader.Join();
            CheckException(other!, FaultAccess.Read, lost.Offset, 1);
            try
            {
                scope.Complete();
            }
            catch (MappingFaultException fault)
            {
                return (fault, offset);
            }

            throw new CellFailure("the scope is not told");
        }

        throw new CellFailure("the disk is larger than the file");
    }

    private void CheckException(MappingFaultException fault, FaultAccess reports, long offset, long length)
    {
        Check.Equal(
            (FaultCause.NoSpace, reports, new FileRange(offset, length), path, 28),
            (fault.Cause, fault.Access, fault.Range, fault.Path, fault.HResult),
            $"cause, access, range, path and HResult ({fault.Message})");
        PageRun touched = PageRun.Of(offset, length);
        Check.That(
            fault.Lost is { } lost && lost.Length > 0 && lost.Offset % s_page == 0
                && new FileRange(touched.First * s_page, (touched.End - touched.First) * s_page).Contains(lost),
            $"{fault.Lost} is lost, which the access to {offset} has not met");
    }

    /// <summary>The first store, and the last one before some offset, are in the file.</summary>
    private void CheckBefore(long end)
    {
        using SafeFileHandle outside = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        foreach (long offset in (long[])[_from, end - _step])
        {
            byte[] bytes = new byte[_length];
            int read = RandomAccess.Read(outside, bytes, offset);
            Check.That(
                read == bytes.Length && bytes.All(value => value == Access.Stored), $"the file does not have what was stored at {offset}");
        }
    }

    private void RunBcl()
    {
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        using MemoryMappedViewAccessor accessor = file.CreateViewAccessor();
        Cell.ExpectEnd();
        for (long offset = _from; offset + _length <= OwnStores.Length; offset += _step)
        {
            BclAccess.Make(accessor, access, offset);
        }
    }
}
