using DirectMap.Threading;

namespace DirectMap.Mapping;

/// <summary>
/// Where the bytes of one inode have addresses: all of its views in the process. So whoever copies from memory, or to it, knows which of
/// the file's bytes that memory is, whatever region it was handed out by.
/// <para>
/// Memory that is no view's is told by two comparisons: the bounds only widen while there is a view. What is looked up in is sorted when
/// it is first asked for, so that mapping and unmapping cost the same however many views there are.
/// </para>
/// </summary>
internal sealed unsafe class MappedAddresses
{
    private readonly UninterruptedLock _gate = new();
    private readonly Dictionary<nuint, Entry> _views = []; // by their first address
    private Entry[]? _sorted = [];
    private nuint _low = nuint.MaxValue;
    private nuint _end;

    /// <summary>Enters a view, until <see cref="Remove"/>.</summary>
    /// <param name="start">The address of its first byte.</param>
    /// <param name="range">Its bytes in the file.</param>
    internal void Add(byte* start, FileRange range)
    {
        using (_gate.Enter())
        {
            if (_views.Count == 0)
            {
                (_low, _end) = (nuint.MaxValue, 0); // Nobody can have memory of the file just now.
            }

            Entry view = new((nuint)start, (nuint)start + (nuint)range.Length, range.Offset);
            _views.Add(view.Start, view);
            _low = Math.Min(_low, view.Start);
            _end = Math.Max(_end, view.End);
            _sorted = null;
        }
    }

    /// <summary>To be called before the addresses can be anybody else's.</summary>
    internal void Remove(byte* start)
    {
        using (_gate.Enter())
        {
            _views.Remove((nuint)start);
            _sorted = null;
        }
    }

    /// <summary>Whether memory can be some of the file's: where it cannot be, this costs next to nothing.</summary>
    internal bool MayHave(void* address) => (nuint)address - Volatile.Read(ref _low) < Volatile.Read(ref _end) - Volatile.Read(ref _low);

    /// <summary>Which byte of the file is at an address; -1 where it is none of the file's.</summary>
    internal long OffsetOf(void* address)
    {
        Entry[] views = Volatile.Read(ref _sorted) ?? Sort();
        int first = 0;
        for (int end = views.Length; first < end;)
        {
            int middle = first + ((end - first) / 2);
            (first, end) = views[middle].End <= (nuint)address ? (middle + 1, end) : (first, middle);
        }

        return first < views.Length && views[first].Start <= (nuint)address
            ? views[first].Offset + (long)((nuint)address - views[first].Start)
            : -1;
    }

    private Entry[] Sort()
    {
        using (_gate.Enter())
        {
            if (_sorted is null)
            {
                Entry[] views = [.. _views.Values];
                Array.Sort(views, static (left, right) => left.Start.CompareTo(right.Start));
                Volatile.Write(ref _sorted, views);
            }

            return _sorted!;
        }
    }

    private readonly record struct Entry(nuint Start, nuint End, long Offset);
}
