using DirectMap.Inodes;
using DirectMap.Mapping;
using DirectMap.Threading;

namespace DirectMap.Regions;

/// <content>What the file is protected from, and what becomes of the region when that was not enough.</content>
internal sealed partial class RegionCore
{
    private readonly RegionWatch? _watch;
    private OutsideCause? _revokedFor; // set before the mapping is revoked for it
    private TaskCompletionSource? _ended; // completed when the region lets go; made when somebody waits for it, under the gate

    /// <summary>What the file is protected from now.</summary>
    internal Protection Protection => _inode.Inode.ProtectionOf(Facts);

    /// <summary>What the region's handlers hear from; null where nothing is told.</summary>
    internal OutsideNotifier? Notifier => _watch?.Notifier;

    private OutsideCause? RevokedFor => Volatile.Read(ref _revokedFor);

    /// <summary>
    /// Revokes the mapping though nobody broke the lease: accesses begin to fail, the pages are replaced, the lease goes. It waits for
    /// nobody, and does nothing where the mapping is gone.
    /// </summary>
    internal void RevokeFor(FaultCause cause, Trespass? trespass, string? detail)
    {
        if (Life > MappingLife.Releasing)
        {
            return;
        }

        _ = Interlocked.CompareExchange(ref _revokedFor, new OutsideCause(cause, trespass, detail), null);
        try
        {
            Mapping.Invalidate(MappingLife.Revoked, RegionMapping.GraceAtDeadline);
        }
        catch (IOException exception)
        {
            Events.PagesNotReplaced(exception); // The lease stays, as the file's pages are still there.
            return;
        }

        GC.KeepAlive(this);
        Lease.Dispose();
    }

    /// <summary>Looks whether the file is otherwise than it was mapped, since a change of it may have gone unnoticed.</summary>
    /// <param name="seen">Where its blocks lay; null where that is not known.</param>
    /// <returns>What has changed, in words; null for nothing that can be seen.</returns>
    internal string? WhatHasChanged(SeenLayout? seen)
    {
        if (Life > MappingLife.Releasing || TryGetSize(out long size) != 0)
        {
            return null;
        }

        if (size < Facts.Range.End)
        {
            return $"it has {size} bytes, and bytes {Facts.Range} are mapped";
        }

        try
        {
            if (_faults.Extents is not { } extents)
            {
                return null;
            }

            _ = ExtentCheck.Run(extents, Facts.Range, size, out SeenLayout? now);
            return seen is not null && now is not null && seen.Generation == now.Generation && seen.Print != now.Print
                ? $"blocks of bytes {Facts.Range} lie elsewhere than when they were mapped, or are shared"
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

    /// <summary>Completes when the protection is another than a known one, or the region lets go.</summary>
    internal async Task<Protection> WaitForProtectionChangeAsync(Protection known, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changes = _inode.Inode.Arbiter.NextProtectionChange(); // Before the look: a change after it completes this one.
            Task ends = Ends();
            if (Protection is { } now && (now != known || ends.IsCompleted))
            {
                return now;
            }

            await Task.WhenAny(changes, ends).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private Task Ends()
    {
        using (_gate.Enter())
        {
            _ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_letGo)
            {
                _ended.Complete();
            }

            return _ended.Task;
        }
    }

    private void EndProtectionChanges()
    {
        _watch?.Close();
        using (_gate.Enter())
        {
            _ended?.Complete(); // None is made any more that is not completed: it is let go.
        }
    }

    /// <param name="Cause">Why the mapping was revoked.</param>
    /// <param name="Trespass">The change of the file that led to it.</param>
    /// <param name="Detail">More of it, in words.</param>
    private sealed record OutsideCause(FaultCause Cause, Trespass? Trespass, string? Detail);
}
