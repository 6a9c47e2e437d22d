using System.Diagnostics;
using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Mapping;

/// <content>A mapping that goes as a whole, since its pages cannot be replaced: who is in it, and who holds it.</content>
internal sealed unsafe partial class RegionMapping
{
    /// <summary>
    /// How long scopes in a cooperative mapping have to end at a deadline, so that short ones, of which there is always one, do not keep a
    /// breaker from its right. Of real time, whatever clock the deadline goes by.
    /// </summary>
    internal static readonly TimeSpan GraceAtDeadline = TimeSpan.FromMilliseconds(100);

    private int _held; // memory that was handed out and not given back
    private int _inside; // accesses under way
    private WeakReference<object>? _scoped;

    /// <summary>
    /// Whether the file's pages cannot be replaced: then accesses are made between <see cref="TryEnter"/> and <see cref="Exit"/>.
    /// </summary>
    internal bool IsCooperative => _view is { DetachUnmaps: true };

    /// <summary>What scopes stand in their slots for.</summary>
    internal void SetScoped(object region) => _scoped = new WeakReference<object>(region);

    /// <summary>Begins an access in a cooperative mapping. False: it was invalidated.</summary>
    internal bool TryEnter()
    {
        // A full fence, as is the barrier in Invalidate: either this thread sees the word that Invalidate has set, or
        // Invalidate sees this thread.
        Interlocked.Increment(ref _inside);
        if (Life <= MappingLife.Releasing)
        {
            return true;
        }

        Exit();
        return false;
    }

    /// <summary>Ends an access.</summary>
    internal void Exit()
    {
        int inside = Interlocked.Decrement(ref _inside);
        AssertCounted(inside);
    }

    /// <summary>
    /// Keeps a cooperative mapping from going until <see cref="Unhold"/>, unless it was invalidated before: the caller looks at
    /// <see cref="Life"/> next, and lets go again, with all that follows, where it is not active.
    /// </summary>
    internal void Hold() => Interlocked.Increment(ref _held); // A full fence, as in TryEnter.

    internal void Unhold()
    {
        int held = Interlocked.Decrement(ref _held);
        AssertCounted(held);
    }

    /// <summary>Accesses end by themselves, at once; a scope may stay open for ever.</summary>
    /// <exception cref="IOException">A scope is open, so the range must stay.</exception>
    private void WaitUntilEmpty(MappedView view, TimeSpan grace)
    {
        if (!view.DetachUnmaps)
        {
            return;
        }

        if (Volatile.Read(ref _held) != 0 || (_scoped is not null && _scoped.TryGetTarget(out object? region) && !AreClosed(region, grace)))
        {
            throw new IOException(
                "A scope is open in the mapping, or memory of it handed out, and this backing cannot put other pages in the place of the "
                    + "file's: it stays mapped until that is disposed (EBUSY)")
            {
                HResult = Errno.EBUSY
            };
        }

        Uninterrupted.SpinUntil(this, static mapping => Volatile.Read(ref mapping._inside) == 0);
    }

    /// <summary>Whether no scope is open; no new one is opened meanwhile, since the word says no.</summary>
    private static bool AreClosed(object region, TimeSpan grace)
    {
        bool areClosed = false;
        long began = Stopwatch.GetTimestamp();
        Uninterrupted.SpinUntil(region, open => (areClosed = !ScopeSlot.AnyOpen(open)) || Stopwatch.GetElapsedTime(began) >= grace);
        return areClosed;
    }
}
