using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>Who is told how far the creation of a file is, and may end it.</summary>
internal readonly record struct CreationWatch(IProgress<long>? Progress, CancellationToken CancellationToken)
{
    /// <summary>
    /// Is called with the whole file before it has its name, so that nobody else can have it open yet; with null where it is made under
    /// another name, which others may open. What it throws ends the creation, and nothing is left. Null for nobody.
    /// </summary>
    internal Action<InodeReference?>? BeforeItsName { get; init; }

    /// <summary>So many bytes are written. The caller holds the right to the file: what waited there would wait for it.</summary>
    internal void Report(long written)
    {
        if (Progress is { } progress)
        {
            UserCode.Mark(() => progress.Report(written));
        }
    }

    internal void ThrowIfCancelled() => CancellationToken.ThrowIfCancellationRequested();
}
