using System.Globalization;

namespace DirectMap.FaultMatrix.Causes;

/// <summary>Somebody who knows nothing of the library makes the file shorter.</summary>
/// <param name="name">Of the row.</param>
/// <param name="title">Of the row.</param>
/// <param name="end">Where the file ends then, counted from the region's first byte.</param>
/// <param name="byProcess">Whether by another process.</param>
internal sealed class Truncated(string name, string title, long end, bool byProcess) : PageCause(name, title)
{
    private readonly bool _endsInPage = end % PageRun.Page != 0;

    internal override FaultCause Fault => FaultCause.BeyondEndOfFile;

    internal override PageRun LostToStores { get; } = new((Math.Max(end, 0) + PageRun.Page - 1) / PageRun.Page, Subject.Pages);

    internal override Type? PersistBefore => typeof(MappingFaultException);

    internal override Promise? Promise => !_endsInPage ? null : new Promise(
        ((end / 8) + 4) * 8,
        0,
        typeof(MappingFaultException),
        "Between the end of the file and the end of that page the kernel raises no signal: loads give zeros and stores are lost, "
            + "without an exception; persisting such bytes throws BeyondEndOfFile.");

    internal override void Strike(IReadOnlyList<Subject> subjects, Site site)
    {
        foreach (Subject subject in subjects)
        {
            SetLength(subject.Path, Math.Max(Subject.MappedAt + end, 0));
        }
    }

    internal override string? TryMend(IReadOnlyList<Subject> subjects, Site site)
    {
        foreach (Subject subject in subjects)
        {
            SetLength(subject.Path, Subject.FileLength);
        }

        return null;
    }

    private void SetLength(string path, long length)
    {
        if (byProcess)
        {
            Commands.Run("truncate", "-s", length.ToString(CultureInfo.InvariantCulture), path);
            return;
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(length);
    }
}
