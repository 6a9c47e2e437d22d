using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap.Telemetry;

namespace DirectMap.Mapping;

/// <summary>
/// The address range of one region and its state word, both in native memory. Invariants:
/// <list type="number">
/// <item>The word only grows. Above Releasing it is final: the first reason for which the mapping went stays readable.</item>
/// <item>The range stays mapped (but see the last one), and the word allocated, until <see cref="Unmap"/>, which only the finalizer of the region's core calls: no thread can be inside an access then.</item>
/// <item>Pages are replaced only after the word says so and a process-wide barrier: see <see cref="Invalidate"/>.</item>
/// <item>Where pages cannot be replaced (<see cref="IsCooperative"/>) the range goes at invalidation instead, and only while nobody is in it: every access is counted (<see cref="TryEnter"/>), scopes stand in their slots, and whoever
/// comes later sees the word.</item>
/// </list>
/// The gate orders everybody who changes the mapping; accesses never take it. A lease refers to this object, never to the region, so that a forgotten region is collected.
/// </summary>
internal sealed unsafe class RegionMapping
{
    // A word to itself in its cache line: it is read at every access, and must not share the line with anything that is written.
    private const int WordBlock = 64;

    /// <summary>How long scopes in a cooperative mapping have to end at a deadline, so that short ones, of which there is always one, do not keep a breaker from its right. Of real time, whatever clock the deadline goes by.</summary>
    internal static readonly TimeSpan GraceAtDeadline = TimeSpan.FromMilliseconds(100);

    private static int s_alive;

    private readonly Lock _gate = new();
    private readonly RegionCounts? _counts;
    private int* _word;
    private byte* _start;
    private MappedView? _view;
    private bool _detached;
    private int _inside; // accesses under way; counted in a cooperative mapping only
    private WeakReference<object>? _scoped;
    private TaskCompletionSource? _drain;

    internal RegionMapping(bool isDiagnosed = false, RegionCounts? counts = null)
    {
        _counts = counts;
        _word = (int*)NativeMemory.AlignedAlloc(WordBlock, WordBlock);
        *_word = (int)(isDiagnosed ? RegionWord.Diagnosed : RegionWord.Active);
        Interlocked.Increment(ref s_alive);
    }

    /// <summary>How many words are allocated; for the tests.</summary>
    internal static int Alive => Volatile.Read(ref s_alive);

    internal byte* Start => _start;

    internal int* Word => _word;

    /// <summary>Whether the file's pages cannot be replaced: then accesses are made between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    internal bool IsCooperative => _view is { DetachUnmaps: true };

    /// <summary>Whether the file is no longer reachable through the range.</summary>
    internal bool IsDetached => Volatile.Read(ref _detached);

    /// <summary>The state now.</summary>
    internal RegionWord State
    {
        get
        {
            int* word = _word;
            return word == null ? RegionWord.Disposed : (RegionWord)Volatile.Read(ref *word);
        }
    }

    /// <summary>Maps the file. False: the lease was revoked meanwhile, nothing is mapped.</summary>
    internal bool TryAttach(Func<MappedView> map)
    {
        lock (_gate)
        {
            if (*_word > (int)RegionWord.Active)
            {
                return false;
            }

            _view = map();
            _start = _view.Start;
            _counts?.Attached();
            return true;
        }
    }

    /// <summary>
    /// Makes every access fail from now on, for good, and puts other pages where the file's were. When it returns, no store reaches the file any more. It waits for nobody, but in a cooperative mapping
    /// for accesses that have begun, and for open scopes as long as it is told to.
    /// </summary>
    /// <param name="reason">Disposed or Revoked.</param>
    /// <param name="grace">How long scopes in a cooperative mapping have to end. Only where nobody waits who may have such a scope himself.</param>
    /// <returns>Whether it was this call that cut the range off the file.</returns>
    /// <exception cref="IOException">The pages could not be replaced, or a scope keeps them. Accesses fail all the same; a further call tries again.</exception>
    internal bool Invalidate(RegionWord reason, TimeSpan grace = default)
    {
        lock (_gate)
        {
            if (_word == null)
            {
                return false;
            }

            if (*_word <= (int)RegionWord.Releasing)
            {
                Volatile.Write(ref *_word, (int)reason);
                EndCounted();
            }

            // An access is: load or store, then compare the word. After the barrier every thread has either not yet read the word, and will see the new one, or has
            // read the old one, and then its store was made before the barrier, onto the file's page. Pages that were replaced before the word could be seen would
            // swallow a store whose thread is told that all is well. (x64 happens to order this by the interrupts that mmap sends; arm64 sends none.)
            Interlocked.MemoryBarrierProcessWide();
            _drain?.TrySetResult();
            if (_detached || _view is null)
            {
                return false;
            }

            WaitUntilEmpty(_view, grace);
            _view.Detach();
            Volatile.Write(ref _detached, true);
            if (!_view.DetachUnmaps)
            {
                _counts?.Replacing();
            }

            return true;
        }
    }

    /// <summary>What scopes stand in their slots for.</summary>
    internal void SetScoped(object region) => _scoped = new WeakReference<object>(region);

    /// <summary>Begins an access in a cooperative mapping. False: it was invalidated.</summary>
    internal bool TryEnter()
    {
        // A full fence, as is the barrier in Invalidate: either this thread sees the word that Invalidate has set, or Invalidate sees this thread.
        Interlocked.Increment(ref _inside);
        if (State <= RegionWord.Releasing)
        {
            return true;
        }

        Exit();
        return false;
    }

    /// <summary>Ends an access.</summary>
    internal void Exit() => Interlocked.Decrement(ref _inside);

    /// <summary>Makes the pages that hold some bytes durable; 0 or the error number. Not after <see cref="Unmap"/>.</summary>
    internal int TrySync(long offset, long length) => _view!.TrySync(offset, length);

    /// <summary>No new scope is opened from now on; accesses and open scopes go on.</summary>
    internal void BeginRelease()
    {
        lock (_gate)
        {
            if (*_word <= (int)RegionWord.Active)
            {
                Volatile.Write(ref *_word, (int)RegionWord.Releasing);
            }

            // Pairs with the opening and closing of scopes, which publish their slot and then read the word without a fence of their own (see ScopeSlots).
            Interlocked.MemoryBarrierProcessWide();
        }
    }

    /// <summary>A task for the next closing of a scope, or the invalidation. To be taken before looking for open scopes, so that no closing is missed.</summary>
    internal Task NextDrainSignal()
    {
        lock (_gate)
        {
            if (*_word > (int)RegionWord.Releasing)
            {
                return Task.CompletedTask;
            }

            _drain = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drain.Task;
        }
    }

    /// <summary>A scope was closed while the region is being released.</summary>
    internal void SignalDrain()
    {
        lock (_gate)
        {
            _drain?.TrySetResult();
        }
    }

    /// <summary>Once in the life of a mapping that was attached.</summary>
    private void EndCounted()
    {
        if (_view is not null)
        {
            _counts?.Ended();
        }
    }

    /// <summary>Accesses end by themselves, at once; a scope may stay open for ever.</summary>
    /// <exception cref="IOException">A scope is open, so the range must stay.</exception>
    private void WaitUntilEmpty(MappedView view, TimeSpan grace)
    {
        if (!view.DetachUnmaps)
        {
            return;
        }

        if (_scoped is not null && _scoped.TryGetTarget(out object? region) && !AreClosed(region, grace))
        {
            throw new IOException("A scope is open in the mapping, and this backing cannot put other pages in the place of the file's: it stays mapped until the scope is disposed (EBUSY)") { HResult = Linux.Errno.EBUSY };
        }

        SpinWait spin = default;
        while (Volatile.Read(ref _inside) != 0)
        {
            spin.SpinOnce();
        }
    }

    /// <summary>Whether no scope is open; no new one is opened meanwhile, since the word says no.</summary>
    private static bool AreClosed(object region, TimeSpan grace)
    {
        long began = Stopwatch.GetTimestamp();
        SpinWait spin = default;
        while (ScopeSlots.AnyOpen(region))
        {
            if (Stopwatch.GetElapsedTime(began) >= grace)
            {
                return false;
            }

            spin.SpinOnce(); // yields, and then sleeps for a millisecond at a time
        }

        return true;
    }

    /// <summary>Gives the address range and the word back. Nobody may be able to access the region any more.</summary>
    internal void Unmap()
    {
        lock (_gate)
        {
            if (_word == null)
            {
                return;
            }

            if (_view is not null)
            {
                if (*_word <= (int)RegionWord.Releasing)
                {
                    EndCounted();
                }

                _counts?.Unmapped(wasReplaced: _detached && !_view.DetachUnmaps);
                _view.Unmap();
                _view = null;
                _start = null;
            }

            NativeMemory.AlignedFree(_word);
            _word = null;
            Interlocked.Decrement(ref s_alive);
        }
    }
}
