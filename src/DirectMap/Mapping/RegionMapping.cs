using System.Runtime.InteropServices;
using DirectMap.Linux;
using DirectMap.Telemetry;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Mapping;

/// <summary>
/// The address range of one region and its state word, both in native memory. Invariants:
/// <list type="number">
/// <item>How far a mapping's life has gone only grows. Above Releasing it is final: the first reason for which the mapping
/// went stays readable.</item>
/// <item>There is one state after another, each with a word: a restoration of lost pages begins a new one, and the word of the one before
/// keeps its Lost bit for ever. An access takes the state's address before it touches the mapping, and looks at that state's word
/// afterwards; so one that met a page before it was restored finds the Lost bit, and looks the page up.</item>
/// <item>The range stays mapped (but see the last one), and the word allocated, until <see cref="Unmap"/>, which only the finalizer of the
/// region's core calls: no thread can be inside an access then.</item>
/// <item>Pages are replaced only after the word says so and a process-wide barrier: see <see cref="Invalidate"/>.</item>
/// <item>Where pages cannot be replaced (<see cref="IsCooperative"/>) the range goes at invalidation instead, and only while nobody is in
/// it: every access is counted (<see cref="TryEnter"/>), scopes stand in their slots, and whoever comes later sees the word.</item>
/// </list>
/// The gate orders everybody who changes the mapping; accesses never take it. A lease refers to this object, never to the region, so that a
/// forgotten region is collected.
/// </summary>
internal sealed unsafe partial class RegionMapping
{
    // A word to itself in its cache line: it is read at every access, and must not share the line with anything that is written.
    private const int WordBlock = 64;

    private readonly UninterruptedLock _gate = new();
    private readonly RegionCounts? _counts;
    private readonly List<nint> _former = []; // states before the present one
    private FaultHandler.StateBlock* _state;
    private byte* _start;
    private ContainedRange? _contained;
    private MappedView? _view;
    private bool _detached;
    private TaskCompletionSource? _drain;

    internal RegionMapping(RegionCounts? counts = null)
    {
        _counts = counts;
        _state = NewState(MappingLife.Active, generation: 1);
        Interlocked.Increment(ref s_alive);
    }

    internal byte* Start => _start;

    /// <summary>The word of the present state.</summary>
    internal int* Word => &_state->Word;

    /// <summary>What the fault handler knows of it; null where faults are not contained.</summary>
    internal ContainedRange? Contained => _contained;

    /// <summary>Why the file is not mapped with MAP_SYNC, in words; null where it is. Once it is attached.</summary>
    internal string? SyncMissing => _view!.SyncMissing;

    /// <summary>Whether the file is no longer reachable through the range.</summary>
    internal bool IsDetached => Volatile.Read(ref _detached);

    /// <summary>The state now.</summary>
    internal MappingLife Life
    {
        get
        {
            FaultHandler.StateBlock* state = _state;
            return state == null ? MappingLife.Disposed : LifeOf(Volatile.Read(ref state->Word));
        }
    }

    /// <summary>Whether pages are lost, or were when this generation began.</summary>
    internal bool HasLost
    {
        get
        {
            FaultHandler.StateBlock* state = _state;
            return state != null && (Volatile.Read(ref state->Word) & (int)MappingLife.Lost) != 0;
        }
    }

    /// <summary>Maps the file. False: the lease was revoked meanwhile, nothing is mapped.</summary>
    /// <param name="file">What to map.</param>
    /// <param name="map">Maps it.</param>
    /// <param name="contain">Whether the fault handler is told of it.</param>
    internal bool TryAttach<T>(T file, Func<T, MappedView> map, bool contain)
    {
        using (_gate.Enter())
        {
            if (Life > MappingLife.Active)
            {
                return false;
            }

            _view = map(file);
            _start = _view.Start;
            _counts?.Attached();
            _contained = contain ? _view.Contain(_state) : null;
            return true;
        }
    }

    /// <summary>
    /// Makes every access fail from now on, for good, and puts other pages where the file's were. When it returns, no store reaches
    /// the file any more. It waits for nobody, but in a cooperative mapping for accesses that have begun, and for open scopes as
    /// long as it is told to.
    /// </summary>
    /// <param name="reason">Disposed or Revoked.</param>
    /// <param name="grace">How long scopes in a cooperative mapping have to end. Only where nobody waits who may have
    /// such a scope himself.</param>
    /// <returns>Whether it was this call that cut the range off the file.</returns>
    /// <exception cref="IOException">The pages could not be replaced, or a scope keeps them. Accesses fail all the same; a
    /// further call tries again.</exception>
    internal bool Invalidate(MappingLife reason, TimeSpan grace = default)
    {
        using (_gate.Enter())
        {
            if (_state == null)
            {
                return false;
            }

            if (Life <= MappingLife.Releasing)
            {
                SetLifeUnsynchronized(reason);
                EndCounted();
            }

            // An access is: load or store, then compare the word. After the barrier every thread has either not yet read the word, and will
            // see the new one, or has read the old one, and then its store was made before the barrier, onto the file's page. Pages that
            // were replaced before the word could be seen would swallow a store whose thread is told that all is well. (x64 happens to
            // order this by the interrupts that mmap sends; arm64 sends none.)
            Interlocked.MemoryBarrierProcessWide();
            _drain?.Complete();
            if (_detached || _view is null)
            {
                return false;
            }

            WaitUntilEmpty(_view, grace);
            AssertSaysSo();
            _view.Detach();
            Volatile.Write(ref _detached, true);
            _contained?.ReplacedWhole();
            if (!_view.DetachUnmaps)
            {
                _counts?.Replacing();
            }

            return true;
        }
    }

    /// <summary>Makes the pages that hold some bytes durable; 0 or the error number. Not after <see cref="Unmap"/>.</summary>
    internal int TrySync(long offset, long length)
    {
        AssertMapped();
        return _view!.TrySync(offset, length);
    }

    /// <summary>Makes the page faults of loads or stores to whole pages; 0 or the error number. Not after <see cref="Unmap"/>.</summary>
    internal int TryPopulate(long offset, long length, bool writing)
    {
        AssertMapped();
        return _view!.TryPopulate(offset, length, writing);
    }

    /// <summary>
    /// The first of some pages that the kernel cannot load; -1 where it has them all, or does not say. Not after <see cref="Unmap"/>.
    /// </summary>
    internal long FindUnreadable(long first, long end)
    {
        if (IsReadable(first, end))
        {
            return -1;
        }

        // Pages before `good` are readable; the first that is not lies before the end.
        long good = first;
        while (end - good > 1)
        {
            long middle = good + ((end - good) / 2);
            (good, end) = IsReadable(good, middle) ? (middle, end) : (good, middle);
        }

        return good;

        bool IsReadable(long from, long to)
        {
            long page = Environment.SystemPageSize;
            return TryPopulate(from * page, (to - from) * page, writing: false) is 0 or Errno.EINVAL or Errno.ENOMEM;
        }
    }

    /// <summary>No new scope is opened from now on; accesses and open scopes go on.</summary>
    internal void BeginRelease()
    {
        using (_gate.Enter())
        {
            if (Life <= MappingLife.Active)
            {
                SetLifeUnsynchronized(MappingLife.Releasing);
            }

            // Pairs with the opening and closing of scopes, which publish their slot and then read the word without a fence of their
            // own (see ScopeSlot).
            Interlocked.MemoryBarrierProcessWide();
        }
    }

    /// <summary>
    /// A task for the next closing of a scope, or the invalidation. To be taken before looking for open scopes, so that
    /// no closing is missed.
    /// </summary>
    internal Task NextDrainSignal()
    {
        using (_gate.Enter())
        {
            if (Life > MappingLife.Releasing)
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
        using (_gate.Enter())
        {
            _drain?.Complete();
        }
    }

    /// <summary>Maps the file again where pages were lost, and begins a new generation.</summary>
    /// <param name="file">The file that is mapped.</param>
    /// <param name="offset">Where the mapping begins in it.</param>
    /// <param name="good">Runs of pages that the kernel has: first page and end of each, in order. Asking it may take long, so that is done
    /// before, without the gate.</param>
    /// <param name="errno">Why the file could not be mapped; or 0.</param>
    /// <param name="word">The new word. Accesses that begin when it is published are right to believe it.</param>
    /// <returns>False: nothing is lost, the mapping is gone, or there is no memory for it.</returns>
    internal bool TryRestore(SafeFileHandle file, long offset, ReadOnlySpan<long> good, out int errno, out int* word)
    {
        using (_gate.Enter())
        {
            errno = 0;
            word = null;
            if (_contained is null || Life > MappingLife.Releasing || !HasLost)
            {
                return false; // A word without the Lost bit must not be retired: whoever looks at it would take all for well.
            }

            FaultHandler.StateBlock* next = NewState(Life, _state->Generation + 1);
            if (_contained.Restore(file, offset, next, good, out errno) < 0)
            {
                NativeMemory.AlignedFree(next);
                return false;
            }

            AssertFollows(next);

            // The former one is not freed: an access that took its address may still look at it.
            _former.Add((nint)_state);
            _state = next;
            word = &next->Word;
            return true;
        }
    }

    /// <summary>How far a life has gone, as a word says.</summary>
    internal static MappingLife LifeOf(int word) => (MappingLife)(word & ~(int)MappingLife.Lost);

    /// <summary>The state that a word belongs to.</summary>
    internal static FaultHandler.StateBlock* StateOf(int* word) => (FaultHandler.StateBlock*)word;

    /// <summary>The handler may set its bit just then.</summary>
    private void SetLifeUnsynchronized(MappingLife life)
    {
        AssertGoesOn(life);
        int seen = Volatile.Read(ref _state->Word);
        for (int was; ; seen = was)
        {
            was = Interlocked.CompareExchange(ref _state->Word, (seen & (int)MappingLife.Lost) | (int)life, seen);
            if (was == seen)
            {
                return;
            }
        }
    }

    private static FaultHandler.StateBlock* NewState(MappingLife life, uint generation)
    {
        FaultHandler.StateBlock* state = (FaultHandler.StateBlock*)NativeMemory.AlignedAlloc(WordBlock, WordBlock);
        *state = new FaultHandler.StateBlock { Word = (int)life, Generation = generation, First = FaultHandler.NoPage };
        return state;
    }

    /// <summary>Once in the life of a mapping that was attached.</summary>
    private void EndCounted()
    {
        if (_view is not null)
        {
            _counts?.Ended();
        }
    }

    /// <summary>Gives the address range and the word back. Nobody may be able to access the region any more.</summary>
    internal void Unmap()
    {
        using (_gate.Enter())
        {
            if (_state == null)
            {
                return;
            }

            if (_view is not null)
            {
                if (Life <= MappingLife.Releasing)
                {
                    EndCounted();
                }

                _contained?.Unregister(); // Before the addresses can be anybody else's.
                _counts?.Unmapped(wasReplaced: _detached && !_view.DetachUnmaps);
                _view.Unmap();
                _view = null;
                _start = null;
            }

            AssertEmpty();
            AssertFormerHaveLost();
            foreach (nint former in _former)
            {
                NativeMemory.AlignedFree((void*)former);
            }

            NativeMemory.AlignedFree(_state);
            _state = null;
            Interlocked.Decrement(ref s_alive);
        }
    }
}
