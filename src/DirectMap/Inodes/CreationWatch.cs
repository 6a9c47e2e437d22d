using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>Who is told how far the creation of a file is, and may end it.</summary>
internal readonly record struct CreationWatch(IProgress<long>? Progress, CancellationToken CancellationToken)
{
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
