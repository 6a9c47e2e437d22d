namespace DirectMap.Tests.Logs;

/// <summary>
/// What a crash may leave of a <see cref="CrashMemory"/>. Each unit has the words that were flushed before the last fence that followed,
/// and of the later stores to it any prefix, each word as a whole; the units are independent of each other. So it is for cache lines, which
/// a processor may evict at any time; and for sectors, of which the kernel may write any state at any time.
/// </summary>
internal sealed class CrashStates
{
    private readonly CrashMemory _memory;
    private readonly ulong[] _durable;
    private readonly List<MemoryEvent>[] _pending;
    private readonly int[] _flushed;
    private readonly List<int> _dirty = [];
    private readonly List<(int Index, ulong Value)> _undo = [];
    private readonly Random _random;
    private ulong _hash; // of what is durable

    internal CrashStates(CrashMemory memory, int seed)
    {
        _memory = memory;
        _durable = (ulong[])memory.Before.Clone();
        _pending = [.. Enumerable.Range(0, memory.Content.Length / memory.WordsOfUnit).Select(_ => new List<MemoryEvent>())];
        _flushed = new int[_pending.Length];
        _random = new Random(seed);
        for (int i = 0; i < _durable.Length; i++)
        {
            _hash += Mixed(i, _durable[i]);
        }
    }

    /// <summary>How many events have happened.</summary>
    internal int Point { get; private set; }

    /// <summary>One event more.</summary>
    internal bool Step()
    {
        if (Point == _memory.Events.Count)
        {
            return false;
        }

        MemoryEvent now = _memory.Events[Point++];
        switch (now.Kind)
        {
            case MemoryEvent.What.Store:
                int unit = now.Index / _memory.WordsOfUnit;
                if (_pending[unit].Count == 0)
                {
                    _dirty.Add(unit);
                }

                _pending[unit].Add(now);
                break;
            case MemoryEvent.What.Flush:
                _flushed[now.Index] = _pending[now.Index].Count;
                break;
            default:
                foreach (int flushed in _dirty.ToArray())
                {
                    Apply(_pending[flushed], _flushed[flushed]);
                    _pending[flushed].RemoveRange(0, _flushed[flushed]);
                    _flushed[flushed] = 0;
                    if (_pending[flushed].Count == 0)
                    {
                        _dirty.Remove(flushed);
                    }
                }

                _undo.Clear();
                break;
        }

        return true;
    }

    /// <summary>
    /// What a crash may leave at this point: all of it if that is not more than a limit, or else so many at random, with nothing and
    /// everything among them.
    /// </summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="isWanted">Whether a state is to be made, by its hash; most have been seen at the point before.</param>
    internal IEnumerable<ulong[]> Here(int limit, Predicate<ulong>? isWanted = null)
    {
        long all = 1;
        foreach (int unit in _dirty)
        {
            all = Math.Min(int.MaxValue, all * (_pending[unit].Count + 1));
        }

        for (long i = 0; i < Math.Min(all, limit); i++)
        {
            long rest = i;
            foreach (int unit in _dirty)
            {
                int choices = _pending[unit].Count + 1;
                int arrived = all <= limit ? (int)(rest % choices) : i == 0 ? 0 : i == 1 ? choices - 1 : _random.Next(choices);
                rest /= choices;
                Apply(_pending[unit], arrived);
            }

            ulong[]? state = isWanted is null || isWanted(_hash) ? [.. _durable] : null;
            Undo();
            if (state is not null)
            {
                yield return state;
            }
        }
    }

    private static ulong Mixed(int index, ulong word)
    {
        ulong mixed = (word ^ ((ulong)index * 0x9E37_79B9_7F4A_7C15)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 29)) * 0x94D0_49BB_1331_11EB;
        return mixed ^ (mixed >> 32);
    }

    private void Apply(List<MemoryEvent> stores, int count)
    {
        for (int i = 0; i < count; i++)
        {
            (int index, ulong value) = (stores[i].Index, stores[i].Value);
            _undo.Add((index, _durable[index]));
            Set(index, value);
        }
    }

    private void Undo()
    {
        for (int i = _undo.Count - 1; i >= 0; i--)
        {
            Set(_undo[i].Index, _undo[i].Value);
        }

        _undo.Clear();
    }

    private void Set(int index, ulong value)
    {
        _hash += Mixed(index, value) - Mixed(index, _durable[index]);
        _durable[index] = value;
    }
}
