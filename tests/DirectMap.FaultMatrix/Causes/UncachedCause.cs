namespace DirectMap.FaultMatrix.Causes;

/// <summary>One that shows only at pages that have to be read: the others are in the page cache, dirty.</summary>
internal abstract class UncachedCause(string name, string title) : PageCause(name, title)
{
    internal override IReadOnlyList<bool> Kinds { get; } = [true, false];

    internal override bool CanReadLost => false;

    internal override void Ready(IReadOnlyList<Subject> subjects)
    {
        foreach (Subject subject in subjects)
        {
            PageCalls.Drop(subject.Path, subject.Start, (nuint)Subject.Length);
            for (long page = 0; page < Subject.Pages; page++)
            {
                if (!LostToStores.Contains(page))
                {
                    subject.Touch(page);
                }
            }

            nint lost = subject.Start + (nint)(LostToStores.First * PageRun.Page);
            Check.Equal(
                0,
                PageCalls.Cached(lost, (nuint)((LostToStores.End - LostToStores.First) * PageRun.Page)),
                "how many pages are still in the page cache");
        }
    }
}
