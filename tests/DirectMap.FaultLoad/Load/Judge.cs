using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Load;

/// <summary>Makes accesses and says whether what came of them is right.</summary>
internal sealed class Judge(TargetFile file, Tally tally, Failures failures, Random random)
{
    /// <summary>Stored where it must not reach the file.</summary>
    private const ulong Garbage = 0xBAD0BAD0BAD0BAD0;

    private readonly byte[] _buffer = new byte[Access.MaxPages * PageContent.PageSize];

    private enum Outcome
    {
        Right,
        Wrong,
        Lost,

        /// <summary>The file ends before it, which persisting finds out without an access.</summary>
        Cut,
        Revoked,
        Disposed,
    }

    /// <summary>
    /// An access to pages that are lost, all of them, while nobody brings them back: it must throw, and name exactly these pages. And so
    /// must persisting them afterwards.
    /// </summary>
    internal void MustThrow(RoundPlan plan, int page, int count)
    {
        Access access = count == 1 ? Access.ChooseTouching(random, page) : Access.ChooseWide(random, page, count);
        MustThrow(plan, access);
        if (access.TouchesFirst && random.Next(8) == 0)
        {
            MustThrow(plan, count == 1 ? Access.Of(AccessKind.Persist, random, page) : access with { Kind = AccessKind.Persist });
        }
    }

    private void MustThrow(RoundPlan plan, Access access)
    {
        if (Make(plan.Region, access, 0, Garbage, out ulong seen, out MappingFaultException? fault, out string what) != Outcome.Lost)
        {
            if (what.Length == 0)
            {
                tally.AddLostReport();
                what = $"returned {seen:x}";
            }

            failures.Add(
                $"{access} of {file.Path}, which has {plan.Kept} of {file.Pages} pages, {what}; it must say that the pages are lost");
            return;
        }

        FileRange touched = RangeOf(access.FirstPage, access.EndPage);
        FileRange lost = fault!.Lost!.Value;

        // A region that is lost as a whole is not opened any more, so its page may not have been met by anybody.
        bool isRight = lost == touched || (!access.TouchesFirst && access.Kind != AccessKind.Persist && plan.IsFirst(lost));
        if (!isRight || fault.Cause != FaultCause.BeyondEndOfFile || fault.Access != access.FaultAccess
            || fault.Range != new FileRange(access.Offset, access.Length) || fault.Path != file.Path)
        {
            failures.Add(
                $"{access} of {file.Path} ({plan.Region.Facts.FaultReach}), which has "
                    + $"{plan.Kept} of {file.Pages} pages, should have said that "
                    + $"pages {touched} are lost: {fault.Cause}, {fault.Access}, {fault.Range}, lost {lost}: {fault.Message}");
        }
    }

    /// <summary>
    /// An access to a page that the file has: right, or, where a fault reaches the region and pages are lost, an exception that
    /// names the first one.
    /// </summary>
    internal void MustBeGood(RoundPlan plan, int page, bool isAnyLost)
    {
        Access access = Access.Choose(random, page);
        Outcome wanted = isAnyLost && plan.Region.Facts.FaultReach == FaultReach.Region ? Outcome.Lost : Outcome.Right;
        ulong expected = file.WordOf(page);
        Outcome outcome = Make(plan.Region, access, expected, expected, out ulong seen, out MappingFaultException? fault, out string what);
        if (outcome != wanted || (fault is not null && (fault.Lost is not { } lost || !plan.IsFirst(lost))))
        {
            failures.Add(
                $"{access} of {file.Path} ({plan.Region.Facts.FaultReach}), page {page}, where {plan.Kept} of {file.Pages} pages are kept, "
                    + $"gave {outcome}, {seen:x} for {expected:x}, not {wanted} {what}");
        }
    }

    /// <summary>
    /// An access while somebody truncates, grows, restores, disposes or revokes: right, or an exception that fits; never a wrong value.
    /// </summary>
    /// <param name="plan">What goes on.</param>
    /// <param name="page">Which page.</param>
    /// <param name="isEnding">Whether it is the last part of the round.</param>
    internal void MayThrow(RoundPlan plan, int page, bool isEnding)
    {
        Access access = Access.Choose(random, page);
        ulong expected = file.WordOf(page);
        Outcome outcome = Make(plan.Region, access, expected, expected, out ulong seen, out MappingFaultException? fault, out string what);
        int lostFrom = isEnding ? plan.KeptAtEnd : plan.Kept;
        bool isRight = outcome switch
        {
            Outcome.Right => !isEnding || page < plan.Kept || plan.GrowsUnderAccess,
            Outcome.Cut => access.Kind == AccessKind.Persist && page >= lostFrom,
            Outcome.Lost when plan.Region.Facts.FaultReach == FaultReach.Page =>
                page >= lostFrom && IsLost(fault!, access.FirstPage, access.EndPage),
            Outcome.Lost => IsLost(fault!, lostFrom, file.Pages),
            Outcome.Revoked => isEnding && plan.IsRevoked,
            Outcome.Disposed => isEnding && plan.IsDisposed,
            _ => false,
        };
        if (isRight)
        {
            return;
        }

        if (outcome == Outcome.Right)
        {
            tally.AddLostReport();
        }

        failures.Add(
            $"{access} of {file.Path} ({plan.Region.Facts.FaultReach}, {(isEnding ? plan.Ending : "truncation")}), page {page}, "
                + $"where {plan.Kept} of {file.Pages} pages are kept, gave {outcome}, {seen:x} for {expected:x} {what}");
    }

    private static FileRange RangeOf(int page, int end) =>
        new((long)page * PageContent.PageSize, (long)(end - page) * PageContent.PageSize);

    private static bool IsLost(MappingFaultException fault, int page, int end) =>
        fault.Lost is { } lost && RangeOf(page, end).Contains(lost);

    private Outcome Make(
        MappedRegion region, Access access, ulong expected, ulong stored, out ulong seen, out MappingFaultException? fault, out string what)
    {
        seen = 0;
        fault = null;
        what = "";
        try
        {
            seen = access.Make(region, expected, stored, _buffer);
            return seen == expected || (access.Kind == AccessKind.CompareExchange && seen == stored) ? Outcome.Right : Outcome.Wrong;
        }
        catch (MappingFaultException exception)
        {
            tally.AddReport();
            fault = exception;
            what = exception.Message;
            return exception switch
            {
                { Lost: not null } => Outcome.Lost,
                { Cause: FaultCause.BeyondEndOfFile } => Outcome.Cut,
                { Cause: FaultCause.Revoked } => Outcome.Revoked,
                _ => Outcome.Wrong,
            };
        }
        catch (ObjectDisposedException exception)
        {
            what = exception.Message;
            return Outcome.Disposed;
        }
    }
}
