using DirectMap.Diagnostics;
using DirectMap.Mapping;
using DirectMap.Threading;

namespace DirectMap.Regions;

/// <content>Letting go after the open scopes.</content>
internal sealed partial class RegionCore
{
    /// <summary>A thread that ends with an open scope signals nothing, so a drain looks again from time to time.</summary>
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromMilliseconds(100);

    private readonly UninterruptedLock _gate = new();
    private TaskCompletionSource<bool>? _release; // written when new scopes are refused
    private bool _isReleased;

    /// <summary>
    /// Refuses new scopes, waits for the open ones, lets go. True: all were closed before. It needs no pool thread: where no scope is open
    /// the caller lets go, and else whoever closes the last one. Only the bound, and scopes that ended with their threads, are the pool's.
    /// </summary>
    internal Task<bool> ReleaseAsync(TimeSpan? drainTime)
    {
        TaskCompletionSource<bool> release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_gate.Enter())
        {
            if (_release is { } begun)
            {
                return begun.Task;
            }

            Mapping.BeginRelease();
            Volatile.Write(ref _release, release);
        }

        if (!TryEndRelease(release))
        {
            _ = DrainAsync(release, drainTime);
        }

        return release.Task;
    }

    private async Task DrainAsync(TaskCompletionSource<bool> release, TimeSpan? drainTime)
    {
        try
        {
            bool drained = await WaitForScopesAsync(drainTime).ConfigureAwait(false);
            if (!drained && Life <= MappingLife.Releasing)
            {
                Journal?.ReportLeftOpen(ofDeadThreadsOnly: false);
            }

            EndRelease(release, drained);
        }
        catch (Exception exception)
        {
            release.TrySetException(exception); // The user's own clock.
        }
    }

    /// <summary>False: the time is over, or the mapping is gone.</summary>
    private async Task<bool> WaitForScopesAsync(TimeSpan? drainTime)
    {
        DeadlineBound bound = new(_coordinator.TimeProvider, drainTime ?? Facts.DrainTime);
        while (true)
        {
            Task signal = Mapping.NextDrainSignal();
            bool drained = !ScopeSlot.AnyOpen(this);
            if (drained || Life > MappingLife.Releasing || bound.Left == TimeSpan.Zero)
            {
                return drained;
            }

            try
            {
                await signal.WaitAsync(bound.LeftUpTo(s_lookAgain), _coordinator.TimeProvider).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Look again, or give up: open scopes learn of it when they complete.
            }
        }
    }

    /// <summary>Lets go, unless a scope is open. To be called when the region has refused new ones.</summary>
    private bool TryEndRelease(TaskCompletionSource<bool> release)
    {
        AssertRefusesScopes();
        if (ScopeSlot.AnyOpen(this))
        {
            return false;
        }

        EndRelease(release, drained: true);
        return true;
    }

    private void EndRelease(TaskCompletionSource<bool> release, bool drained)
    {
        if (Interlocked.Exchange(ref _isReleased, true))
        {
            return;
        }

        drained &= Life <= MappingLife.Releasing;
        try
        {
            Dispose();
            release.TrySetResult(drained);
        }
        catch (Exception exception)
        {
            release.TrySetException(exception); // A coordinator of the user's own.
        }
    }

    /// <summary>A span of time from its creation on.</summary>
    private readonly struct DeadlineBound(TimeProvider time, TimeSpan span)
    {
        private readonly long _start = time.GetTimestamp();

        internal TimeSpan Left
        {
            get
            {
                if (span == Timeout.InfiniteTimeSpan)
                {
                    return Timeout.InfiniteTimeSpan;
                }

                TimeSpan left = span - time.GetElapsedTime(_start);
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }

        internal TimeSpan LeftUpTo(TimeSpan limit)
        {
            TimeSpan left = Left;
            return left == Timeout.InfiniteTimeSpan || left > limit ? limit : left;
        }
    }
}
