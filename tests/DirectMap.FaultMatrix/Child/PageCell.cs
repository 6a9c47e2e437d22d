using DirectMap.FaultMatrix.Causes;

namespace DirectMap.FaultMatrix.Child;

/// <summary>Pages that the kernel cannot provide: what the access says, what else goes on, and how it all comes back.</summary>
internal sealed class PageCell(PageCause cause, Access access, List<Subject> subjects, Site site)
{
    /// <summary>Pages that are tried beside the access's; those of them that are good.</summary>
    private static readonly long[] s_probes = [0, 12, 80];

    private static readonly long s_page = PageRun.Page;

    private readonly long _offset = access.PlaceAt(cause.LostToStores.First).Offset;
    private readonly int _length = access.PlaceAt(cause.LostToStores.First).Length;

    /// <summary>The page that was lost first, as was told for the first time.</summary>
    private readonly Dictionary<Subject, FileRange> _first = [];

    /// <summary>The lost pages that the access meets.</summary>
    private PageRun Met => access.Kind == AccessKind.Persist
        ? PageRun.Of(Access.PersistStoreAt(_offset, _length), sizeof(long))
        : cause.LostTo(access.Kind).Intersect(PageRun.Of(_offset, _length));

    private long[] GoodProbes => [.. s_probes.Where(page => !cause.LostToStores.Contains(page))];

    internal void Run()
    {
        cause.Ready(subjects);
        cause.Strike(subjects, site);
        ForEach(CheckFault);
        if (cause.TryMend(subjects, site) is null)
        {
            ForEach(CheckRestored);
        }
    }

    private void ForEach(Action<Subject> check)
    {
        foreach (Subject subject in subjects)
        {
            try
            {
                check(subject);
            }
            catch (Exception failure)
            {
                throw new CellFailure($"{subject}: {(failure is CellFailure ? failure.Message : failure)}");
            }
        }
    }

    private void CheckFault(Subject subject)
    {
        MappedRegion region = subject.Region;
        Check.Equal(RegionState.Active, region.State, "the state before the access");
        if (cause.Promise is { } promise)
        {
            CheckPromise(subject, promise);
        }

        if (access.Kind == AccessKind.Persist)
        {
            CheckPersistBefore(subject);
        }

        if (Met.IsEmpty)
        {
            Cell.Note(cause.WhyLoadsLive!);
            CheckGood(subject, "the access");
            CheckLost(region, PageRun.None);
            return;
        }

        byte[] before = cause is { CanReadOutside: true, CanReadLost: true } ? subject.Outside(_offset, _length) : [];
        long end = cause.CanReadOutside ? subject.OutsideLength() : 0;
        CheckException(
            subject, Check.Throws<MappingFaultException>(Make(region), "the access"), access.Reports, _offset, _length, "the access");
        CheckLost(region, Met);
        Check.Equal(subject.Reach == FaultReach.Region ? RegionState.Faulted : RegionState.Active, region.State, "the state");
        if (cause.CanReadOutside)
        {
            Check.Equal(end, subject.OutsideLength(), "the length of the file after the access");
            CheckFile(subject, before, end);
        }

        CheckException(
            subject,
            Check.Throws<MappingFaultException>(Make(region), "the access, made again"),
            access.Reports,
            _offset,
            _length,
            "the access, made again");
        foreach (long page in GoodProbes)
        {
            CheckOtherPage(subject, page);
        }

        CheckTooEarly(subject);

        // Last, since one that fails writes the file back in vain: stores to its pages ask the file system again then.
        foreach (long page in GoodProbes)
        {
            CheckPersistOf(subject, page);
        }
    }

    private Action Make(MappedRegion region) => () => access.Make(region, _offset, _length, () => { });

    private void CheckPromise(Subject subject, Promise promise)
    {
        Cell.Note(promise.Note);
        byte[]? read = null;
        long end = cause.CanReadOutside ? subject.OutsideLength() : 0;
        Exception? thrown = null;
        try
        {
            read = access.Make(subject.Region, promise.Offset, Promise.Length, () => { });
        }
        catch (Exception exception) when (exception is not CellFailure)
        {
            thrown = exception;
        }

        Check.Equal(
            access.Kind == AccessKind.Persist ? promise.PersistThrows : null,
            thrown?.GetType(),
            $"what is thrown at {promise.Offset}, where no signal is ({thrown?.Message})");
        if (thrown is MappingFaultException fault)
        {
            Check.Equal(FaultCause.BeyondEndOfFile, fault.Cause, $"the cause ({fault.Message})");
            Check.Equal(null, fault.Lost, "what is lost");
        }

        if (read is not null)
        {
            Check.That(
                read.All(value => value == promise.Reads),
                $"{Convert.ToHexString(read)} was read where no signal is, not {promise.Reads:X2}");
        }

        if (cause.CanReadOutside)
        {
            Check.Equal(end, subject.OutsideLength(), "the length of the file");
        }

        CheckLost(subject.Region, PageRun.None);
        Check.Equal(RegionState.Active, subject.Region.State, "the state");
    }

    /// <summary>Persisting makes no access to the pages.</summary>
    private void CheckPersistBefore(Subject subject)
    {
        void Persist() => subject.Region.Persist(_offset, _length);
        if (cause.PersistBefore is null)
        {
            Cell.Note(
                "Persist makes no access to the pages itself: it succeeds until a load or a store has met one that "
                    + "is lost, and throws then.");
            Persist();
        }
        else if (cause.PersistBefore == typeof(WritebackFailureException))
        {
            Check.Throws<WritebackFailureException>(Persist, "Persist before any access");
        }
        else
        {
            MappingFaultException fault = Check.Throws<MappingFaultException>(Persist, "Persist before any access");
            Check.Equal(
                (FaultCause.BeyondEndOfFile, FaultAccess.Persist, null),
                (fault.Cause, fault.Access, fault.Lost),
                "cause, access and what is lost of Persist before any access");
        }

        CheckLost(subject.Region, PageRun.None);
    }

    private void CheckException(Subject subject, MappingFaultException fault, FaultAccess reports, long offset, long length, string what)
    {
        FileRange range = new(Subject.MappedAt + offset, length);
        Check.Equal(cause.Fault, fault.Cause, $"{what}: the cause ({fault.Message})");
        Check.Equal(reports, fault.Access, $"{what}: the access");
        Check.Equal(range, fault.Range, $"{what}: the range");
        Check.Equal(subject.Path, fault.Path, $"{what}: the path");
        Check.Equal(null, fault.Break, $"{what}: the break");
        Check.Equal(cause.Fault == FaultCause.NoSpace ? 28 : 5, fault.HResult, $"{what}: HResult");
        Check.That(fault.Lost is not null, $"{what} does not say what is lost: {fault.Message}");
        FileRange lost = fault.Lost!.Value;
        if (!Met.Intersect(PageRun.Of(offset, length)).IsEmpty)
        {
            Check.Equal(InFile(Met), lost, $"{what}: what is lost");
            return;
        }

        // Where it met none of them: the page that was lost first. Which one that is, is the copy's affair, but it is always the same.
        Check.That(
            lost.Length == s_page && lost.Offset % s_page == 0 && InFile(Met).Contains(lost),
            $"{what}: {lost} is lost, which is not a page of {InFile(Met)}");
        Check.Equal(_first.TryAdd(subject, lost) ? lost : _first[subject], lost, $"{what}: the page that was lost first");
    }

    private static void CheckLost(MappedRegion region, PageRun expected)
    {
        string actual = string.Join(", ", region.GetLostRanges());
        Check.Equal(expected.IsEmpty ? "" : InFile(expected).ToString(), actual, "what GetLostRanges tells");
    }

    private static FileRange InFile(PageRun run) => new(Subject.MappedAt + (run.First * s_page), (run.End - run.First) * s_page);

    /// <summary>
    /// Stores to good pages, before and behind the lost ones, are the file's also when the access threw; those to lost pages went nowhere.
    /// </summary>
    private void CheckFile(Subject subject, byte[] before, long end)
    {
        long last = Math.Clamp(end - Subject.MappedAt, _offset, _offset + _length);
        long lost = Math.Clamp(Met.First * s_page, _offset, last);
        long behind = Math.Clamp(Met.End * s_page, _offset, last);
        if (access.Kind == AccessKind.Store)
        {
            CheckStored(subject, _offset, lost);
            CheckStored(subject, behind, last);
        }

        if (before.Length > 0)
        {
            Check.Same(
                before.AsSpan((int)(lost - _offset), (int)(behind - lost)),
                subject.Outside(lost, behind - lost),
                "what the file has of lost pages");
        }
    }

    private static void CheckStored(Subject subject, long from, long to) =>
        Check.That(
            subject.Outside(from, to - from).All(value => value == Access.Stored),
            $"the file does not have all that was stored to good pages in [{from}, {to})");

    private void CheckOtherPage(Subject subject, long page)
    {
        MappedRegion region = subject.Region;
        long offset = page * s_page;
        long value = (0x0101_0101_0101_0101 * (page + 1)) + (long)access.Kind;
        bool canStore = access.Kind != AccessKind.Persist || cause.PersistBefore != typeof(WritebackFailureException);
        if (subject.Reach == FaultReach.Region)
        {
            CheckFaulted(subject, page, FaultAccess.Read, () => region.Read<long>(offset));
            CheckFaulted(subject, page, FaultAccess.Scope, () => region.OpenScope(offset, 8).Dispose());
            CheckFaulted(subject, page, FaultAccess.Memory, () => region.GetMemory(offset, 8));
            if (canStore)
            {
                CheckFaulted(subject, page, FaultAccess.Write, () => region.Write(offset, value));
            }
        }
        else
        {
            byte[] there = BitConverter.GetBytes(region.Read<long>(offset));
            if (cause.CanReadOutside)
            {
                Check.Same(subject.Outside(offset, 8), there, $"what is read at page {page}");
            }

            if (canStore)
            {
                region.Write(offset, value);
                using RegionScope scope = region.OpenScope(offset, 8);
                Check.Equal(value, BitConverter.ToInt64(scope.ReadOnlySpan), $"what a scope reads at page {page}");
                scope.Complete();
            }
        }

        if (cause.CanReadOutside)
        {
            Check.Equal(value, BitConverter.ToInt64(subject.Outside(offset, 8)), $"what the file has at page {page} after a store");
        }
    }

    private void CheckFaulted(Subject subject, long page, FaultAccess reports, Action other)
    {
        string what = $"{reports} at page {page} of a region that is faulted";
        CheckException(subject, Check.Throws<MappingFaultException>(other, what), reports, page * s_page, 8, what);
    }

    private void CheckPersistOf(Subject subject, long page)
    {
        void Persist() => subject.Region.Persist(page * s_page, 8);
        if (subject.Reach == FaultReach.Region)
        {
            CheckFaulted(subject, page, FaultAccess.Persist, Persist);
        }
        else if (cause.PersistBefore == typeof(WritebackFailureException))
        {
            Check.Throws<WritebackFailureException>(Persist, $"Persist of page {page}");
        }
        else
        {
            Persist();
        }
    }

    /// <summary>Nothing is better yet.</summary>
    private void CheckTooEarly(Subject subject)
    {
        try
        {
            IReadOnlyList<FileRange> left = subject.Region.RestoreLostPages();
            Check.That(!cause.NeedsPrepare || !subject.IsDirect, "RestoreLostPages of a direct mapping takes a hole");
            Check.Equal(InFile(Met).ToString(), string.Join(", ", left), "what RestoreLostPages leaves while nothing was mended");
            _first[subject] = InFile(new PageRun(Met.First, Met.First + 1)); // The first one that a restoration leaves.
        }
        catch (MapRefusedException refusal)
        {
            Check.That(cause.NeedsPrepare && subject.IsDirect, $"RestoreLostPages refuses: {refusal.Message}");
        }
        catch (IOException failure) when (failure is not MappingFaultException)
        {
            Check.That(!cause.CanReadOutside, $"RestoreLostPages: {failure}");
        }

        CheckLost(subject.Region, Met);
        CheckException(
            subject,
            Check.Throws<MappingFaultException>(Make(subject.Region), "the access after a vain RestoreLostPages"),
            access.Reports,
            _offset,
            _length,
            "the access after a vain RestoreLostPages");
    }

    private void CheckRestored(Subject subject)
    {
        MappedRegion region = subject.Region;
        if (!Met.IsEmpty)
        {
            if (subject.IsDirect)
            {
                subject.File.Prepare();
            }

            Check.Equal("", string.Join(", ", region.RestoreLostPages()), "what RestoreLostPages leaves");
        }

        CheckLost(region, PageRun.None);
        Check.Equal(RegionState.Active, region.State, "the state after the restoration");
        CheckGood(subject, "the access after the restoration");
        region.Persist();
        foreach (long page in s_probes)
        {
            region.Write(page * s_page, page);
            Check.Equal(
                page,
                BitConverter.ToInt64(subject.Outside(page * s_page, 8)),
                $"what the file has at page {page} after the restoration and a store");
        }
    }

    /// <summary>The access is made, and what it did is what somebody else sees.</summary>
    private void CheckGood(Subject subject, string what)
    {
        byte[]? read = access.Make(subject.Region, _offset, _length, () => { });
        byte[] there = subject.Outside(_offset, read?.Length ?? _length);
        if (access.Kind == AccessKind.Persist)
        {
            int at = (int)(Access.PersistStoreAt(_offset, _length) - _offset);
            there = there.AsSpan(at, sizeof(long)).ToArray();
        }

        if (read is null)
        {
            Check.That(there.All(value => value == Access.Stored), $"{what}: the file does not have all that was stored");
        }
        else
        {
            Check.Same(there, read, what);
        }
    }
}
