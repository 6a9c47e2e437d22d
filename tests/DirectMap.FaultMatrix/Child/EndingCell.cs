using DirectMap.FaultMatrix.Causes;

namespace DirectMap.FaultMatrix.Child;

/// <summary>Without the handler: a fault ends the process, but for copies by system calls.</summary>
internal static class EndingCell
{
    internal static void Run(PageCause cause, Access access, How how, List<Subject> subjects, Site site)
    {
        Subject subject = subjects[0];
        cause.Ready(subjects);
        cause.Strike(subjects, site);
        long firstLost = cause.LostToStores.First;
        (long offset, int length) = access.PlaceAt(firstLost);
        bool meetsLost = !cause.LostTo(access.Kind).IsEmpty;
        if (how == How.Copies && access.IsCopy && meetsLost)
        {
            MappingFaultException fault = Check.Throws<MappingFaultException>(
                () => access.Make(subject.Region, offset, length, () => { }), "the access");
            Check.Equal(cause.Fault, fault.Cause, $"the cause ({fault.Message})");
            Check.Equal(access.Reports, fault.Access, "the access");
            Check.Equal(new FileRange(Subject.MappedAt + offset, length), fault.Range, "the range");
            Check.Equal(Subject.MappedAt + (firstLost * PageRun.Page), fault.Lost?.Offset ?? -1, "where what is lost begins");
            Check.Equal(RegionState.Active, subject.Region.State, "the state");
            Cell.Note(
                "Where the handler is missing, copies are made by system calls (containment Copies): a fault in one is an exception, "
                    + "and the region goes on.");
            return;
        }

        if (meetsLost)
        {
            Cell.ExpectEnd();
        }

        if (how == How.Bcl)
        {
            BclAccess.Make(subject.Accessor, access, offset);
        }
        else
        {
            access.Make(subject.Region, offset, length, () => { });
        }

        Check.That(!meetsLost, "the access was to end the process, and did not");
    }
}
