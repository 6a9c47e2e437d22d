using System.Runtime.CompilerServices;
using DirectMap.Threading;

namespace DirectMap.Mapping;

/// <summary>
/// Where a thread says which scope it has open; one for each scope that it has open at a time, in a list that only grows. Only that thread
/// writes; whoever drains a region reads the slots of all threads. No interlocked instruction is needed on the scopes' side, because the
/// drainer makes a process-wide barrier between setting the word and reading the slots:
/// <list type="bullet">
/// <item>opening is: publish the slot, read the word. Either the word was read after the barrier, and the scope is refused, or the slot was
/// published before it, and the drainer sees it.</item>
/// <item>closing is: clear the slot, read the word. Either the word was read after the barrier, and the drain is signalled, or the slot was
/// cleared before it, and the drainer does not wait for it.</item>
/// </list>
/// A slot never moves and never leaves its list, so that a concurrent reader cannot miss it. Each scope of a slot has a number of its own,
/// so that closing it twice, or through a copy, does nothing.
/// </summary>
internal sealed partial class ScopeSlot
{
    private static readonly UninterruptedLock s_gate = new();
    private static readonly List<ScopeSlot> s_firsts = []; // of each thread

    [ThreadStatic]
    private static ScopeSlot? t_first;

    private readonly Thread _thread = Thread.CurrentThread;
    private object? _region; // null while no scope is open
    private long _number; // odd while a scope is open: its number; the owner's only
    private ScopeSlot? _next;

    private ScopeSlot()
    {
    }

    internal bool IsThreadAlive => _thread.IsAlive;

    private bool IsFree => (_number & 1) == 0;

    /// <summary>Publishes an open scope of the calling thread. The caller must read the region's word afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ScopeSlot Open(object region, out long number)
    {
        ScopeSlot? slot = t_first;
        if (slot is null || !slot.IsFree)
        {
            slot = FindFree();
        }

        slot.AssertIsOwn();
        slot.AssertIsFree();
        number = slot._number + 1;
        slot._number = number;

        // A volatile store and the caller's volatile load of the word: the compiler keeps their order, the drainer's barrier
        // makes the processor's do.
        Volatile.Write(ref slot._region, region);
        return slot;
    }

    /// <summary>Clears the slot of a scope. False: it was closed before. The caller must read the region's word afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Close(long number)
    {
        if (_number != number)
        {
            return false;
        }

        AssertIsOwn();
        AssertIsTaken();
        _number = number + 1;
        Volatile.Write(ref _region, null);
        return true;
    }

    /// <summary>Whether the scope that had this number from <see cref="Open"/> is still open.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsOpen(long number) => _number == number;

    /// <summary>Whether any living thread has a scope open on the region. The caller has made the process-wide barrier.</summary>
    internal static bool AnyOpen(object region)
    {
        using (s_gate.Enter())
        {
            foreach (ScopeSlot first in s_firsts)
            {
                if (first.IsOneOn(region) && first.IsThreadAlive)
                {
                    return true;
                }
            }

            ForgetDeadThreadsUnsynchronized();
            return false;
        }
    }

    /// <summary>Drops the scopes that ended with their thread, and what they keep alive.</summary>
    internal static void ForgetDeadThreads()
    {
        using (s_gate.Enter())
        {
            ForgetDeadThreadsUnsynchronized();
        }
    }

    private static void ForgetDeadThreadsUnsynchronized() => s_firsts.RemoveAll(static first => !first.IsThreadAlive);

    /// <summary>Whether this or one of the next has a scope open on the region.</summary>
    private bool IsOneOn(object region)
    {
        for (ScopeSlot? slot = this; slot is not null; slot = Volatile.Read(ref slot._next))
        {
            if (ReferenceEquals(Volatile.Read(ref slot._region), region))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The first of the thread's slots that is free: a new one when none is.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ScopeSlot FindFree()
    {
        if (t_first is not { } slot)
        {
            return Register();
        }

        for (; !slot.IsFree; slot = slot._next)
        {
            if (slot._next is null)
            {
                // Whoever reads the list sees a slot that is made, and sees it before the scope that is opened in it: stores are not
                // reordered here, and the drainer's barrier comes before its reading.
                Volatile.Write(ref slot._next, new ScopeSlot());
            }
        }

        return slot;
    }

    private static ScopeSlot Register()
    {
        ScopeSlot first = new();
        using (s_gate.Enter())
        {
            ForgetDeadThreadsUnsynchronized();
            s_firsts.Add(first);
        }

        return t_first = first;
    }
}
