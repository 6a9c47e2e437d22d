using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Mapping;

/// <summary>
/// The address range of one region and its state word, both in native memory. Invariants:
/// <list type="number">
/// <item>The word only grows. Above Releasing it is final: the first reason for which the mapping went stays readable.</item>
/// <item>The range stays mapped, and the word allocated, until <see cref="Unmap"/>, which only the finalizer of the region's core calls: no thread can be inside an access then.</item>
/// <item>Pages are replaced only after the word says so and a process-wide barrier: see <see cref="Invalidate"/>.</item>
/// </list>
/// The gate orders everybody who changes the mapping; accesses never take it. A lease refers to this object, never to the region, so that a forgotten region is collected.
/// </summary>
internal sealed unsafe class RegionMapping
{
    // A word to itself in its cache line: it is read at every access, and must not share the line with anything that is written.
    private const int WordBlock = 64;

    private static int s_alive;

    private readonly Lock _gate = new();
    private readonly nuint _pageSize = (nuint)Environment.SystemPageSize;
    private int* _word;
    private byte* _start;
    private nuint _length;
    private bool _writable;
    private SafeMemoryMappedViewHandle? _view;
    private bool _replaced;
    private TaskCompletionSource? _drain;

    internal RegionMapping(bool isDiagnosed = false)
    {
        _word = (int*)NativeMemory.AlignedAlloc(WordBlock, WordBlock);
        *_word = (int)(isDiagnosed ? RegionWord.Diagnosed : RegionWord.Active);
        Interlocked.Increment(ref s_alive);
    }

    /// <summary>How many words are allocated; for the tests.</summary>
    internal static int Alive => Volatile.Read(ref s_alive);

    internal byte* Start => _start;

    internal int* Word => _word;

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
    internal bool TryAttach(SafeFileHandle file, FileRange range, MappingAccess access, string path)
    {
        lock (_gate)
        {
            if (*_word > (int)RegionWord.Active)
            {
                return false;
            }

            SafeMemoryMappedViewHandle view = FileView.Create(file, range, access, path);
            bool referenced = false;
            view.DangerousAddRef(ref referenced); // The view's own finalizer must not unmap what this object still needs.
            _view = view;
            _start = (byte*)view.DangerousGetHandle();
            _length = ((nuint)range.Length + _pageSize - 1) & ~(_pageSize - 1);
            _writable = access == MappingAccess.ReadWrite;
            return true;
        }
    }

    /// <summary>
    /// Makes every access fail from now on, for good, and puts other pages where the file's were. When it returns, no store reaches the file any more. It waits for nobody.
    /// </summary>
    /// <param name="reason">Disposed or Revoked.</param>
    /// <exception cref="IOException">The pages could not be replaced. Accesses fail all the same; a further call tries again.</exception>
    internal void Invalidate(RegionWord reason)
    {
        lock (_gate)
        {
            if (_word == null)
            {
                return;
            }

            if (*_word <= (int)RegionWord.Releasing)
            {
                Volatile.Write(ref *_word, (int)reason);
            }

            // An access is: load or store, then compare the word. After the barrier every thread has either not yet read the word, and will see the new one, or has
            // read the old one, and then its store was made before the barrier, onto the file's page. Pages that were replaced before the word could be seen would
            // swallow a store whose thread is told that all is well. (x64 happens to order this by the interrupts that mmap sends; arm64 sends none.)
            Interlocked.MemoryBarrierProcessWide();
            _drain?.TrySetResult();
            if (!_replaced && _view is not null)
            {
                PageSink.Replace(_start, _length, _writable);
                _replaced = true;
                ReplacedRanges.Add();
            }
        }
    }

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
                _view.DangerousRelease();
                _view.Dispose();
                _view = null;
                _start = null;
            }

            if (_replaced)
            {
                ReplacedRanges.Remove();
            }

            NativeMemory.AlignedFree(_word);
            _word = null;
            Interlocked.Decrement(ref s_alive);
        }
    }
}
