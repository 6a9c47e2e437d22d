using DirectMap.FaultMatrix.Causes;

namespace DirectMap.FaultMatrix.Child;

/// <summary>A mapping that is gone as a whole: the access that it was taken from, and the next one, throw what is promised.</summary>
internal static class GoneCell
{
    internal static void Run(GoneCause cause, Access access, How how, List<Subject> subjects, Site site)
    {
        if (cause.Note is { } note)
        {
            Cell.Note(note);
        }

        foreach (Subject subject in subjects)
        {
            try
            {
                if (how == How.Bcl)
                {
                    cause.Strike([subject], site);
                    Check.Throws<ObjectDisposedException>(() => BclAccess.Make(subject.Accessor, access, 0), "the access");
                }
                else
                {
                    Check1(cause, access, subject, site);
                }
            }
            catch (CellFailure failure)
            {
                throw new CellFailure($"{subject}: {failure.Message}");
            }
        }
    }

    private static void Check1(GoneCause cause, Access access, Subject subject, Site site)
    {
        MappedRegion region = subject.Region;
        (long offset, int length) = access.PlaceAt(Subject.Unit);
        void Strike() => cause.Strike([subject], site);
        CheckThrown(cause, access, subject, Attempt(() => access.Make(region, offset, length, Strike)), "the access");
        Check.Equal(cause.State, region.State, "the state");
        CheckThrown(cause, access, subject, Attempt(() => access.Make(region, offset, length, () => { })), "the next access");
        Check.Equal(0, region.GetLostRanges().Count, "the number of lost ranges");
        Exception? restored = Attempt(() => region.RestoreLostPages());
        Check.That(
            restored is ObjectDisposedException
                || restored is MappingFaultException { Cause: FaultCause.Revoked, Access: FaultAccess.Restore },
            $"RestoreLostPages: {restored}");
    }

    private static void CheckThrown(GoneCause cause, Access access, Subject subject, Exception? thrown, string what)
    {
        if (cause.State == RegionState.Disposed)
        {
            Check.That(thrown is ObjectDisposedException, $"{what} throws {thrown?.ToString() ?? "nothing"}, not ObjectDisposedException");
            return;
        }

        Check.That(thrown is MappingFaultException, $"{what} throws {thrown?.ToString() ?? "nothing"}, not MappingFaultException");
        MappingFaultException fault = (MappingFaultException)thrown!;
        (long offset, int length) = access.PlaceAt(Subject.Unit);
        Check.Equal(FaultCause.Revoked, fault.Cause, $"{what}: the cause");
        Check.Equal(access.Reports, fault.Access, $"{what}: the access");
        Check.Equal(new FileRange(Subject.MappedAt + offset, length), fault.Range, $"{what}: the range");
        Check.Equal(null, fault.Lost, $"{what}: what is lost");
        Check.That(fault.Break is not null, $"{what} does not say who broke the lease");
        Check.Equal(subject.Path, fault.Path, $"{what}: the path");
    }

    private static Exception? Attempt(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception exception) when (exception is not CellFailure)
        {
            return exception;
        }
    }
}
