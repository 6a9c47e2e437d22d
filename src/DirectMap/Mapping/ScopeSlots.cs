namespace DirectMap.Mapping;

/// <summary>
/// The open scopes of one thread. Only that thread writes; whoever drains a region reads the slots of all threads. No interlocked instruction is needed on the scopes'
/// side, because the drainer makes a process-wide barrier between setting the word and reading the slots:
/// <list type="bullet">
/// <item>opening is: publish the slot, read the word. Either the word was read after the barrier, and the scope is refused, or the slot was published before it, and the drainer
/// sees it.</item>
/// <item>closing is: clear the slot, read the word. Either the word was read after the barrier, and the drain is signalled, or the slot was cleared before it, and the drainer
/// does not wait for it.</item>
/// </list>
/// A slot never moves while its scope is open, so that a concurrent reader cannot miss it. Each scope has a number of its own: closing it twice, or through a copy, does nothing.
/// </summary>
internal sealed class ScopeSlots
{
    private static readonly Lock s_gate = new();
    private static readonly List<ScopeSlots> s_all = [];

    [ThreadStatic]
    private static ScopeSlots? t_current;

    private readonly Thread _thread = Thread.CurrentThread;
    private Slot[] _slots = new Slot[4];
    private int _count; // slots from here on are empty
    private long _lastNumber;

    private struct Slot
    {
        internal object? Region;
        internal long Number;
    }

    /// <summary>The calling thread's slots.</summary>
    internal static ScopeSlots Current => t_current ?? Register();

    /// <summary>Publishes an open scope. The caller must read the region's word afterwards.</summary>
    /// <returns>The slot's index; its number is <paramref name="number"/>.</returns>
    internal int Open(object region, out long number)
    {
        int index = _count;
        Slot[] slots = _slots;
        if (index == slots.Length)
        {
            slots = Grow();
        }

        ref Slot slot = ref slots[index];
        number = ++_lastNumber;
        slot.Number = number;
        _count = index + 1;

        // A volatile store and the caller's volatile load of the word: the compiler keeps their order, the drainer's barrier makes the processor's do.
        Volatile.Write(ref slot.Region, region);
        return index;
    }

    /// <summary>Clears the slot of a scope. False: it was closed before. The caller must read the region's word afterwards.</summary>
    internal bool Close(int index, long number)
    {
        if (!IsOpen(index, number))
        {
            return false;
        }

        Slot[] slots = _slots;
        Volatile.Write(ref slots[index].Region, null);
        while (_count > 0 && slots[_count - 1].Region is null)
        {
            _count--;
        }

        return true;
    }

    internal bool IsOpen(int index, long number)
    {
        Slot[] slots = _slots;
        return (uint)index < (uint)slots.Length && slots[index].Number == number && slots[index].Region is not null;
    }

    internal bool IsThreadAlive => _thread.IsAlive;

    /// <summary>Whether any living thread has a scope open on the region. The caller has made the process-wide barrier.</summary>
    internal static bool AnyOpen(object region)
    {
        lock (s_gate)
        {
            foreach (ScopeSlots slots in s_all)
            {
                if (slots.Has(region) && slots._thread.IsAlive)
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
        lock (s_gate)
        {
            ForgetDeadThreadsUnsynchronized();
        }
    }

    private static void ForgetDeadThreadsUnsynchronized() => s_all.RemoveAll(static slots => !slots._thread.IsAlive);

    private bool Has(object region)
    {
        // An array that has just been outgrown may still show a scope that is closed by now: then closing it has signalled, and the drainer looks again.
        foreach (ref Slot slot in Volatile.Read(ref _slots).AsSpan())
        {
            if (ReferenceEquals(Volatile.Read(ref slot.Region), region))
            {
                return true;
            }
        }

        return false;
    }

    private Slot[] Grow()
    {
        Slot[] larger = new Slot[_slots.Length * 2];
        _slots.CopyTo(larger, 0);
        Volatile.Write(ref _slots, larger);
        return larger;
    }

    private static ScopeSlots Register()
    {
        ScopeSlots slots = new();
        lock (s_gate)
        {
            ForgetDeadThreadsUnsynchronized();
            s_all.Add(slots);
        }

        return t_current = slots;
    }
}
