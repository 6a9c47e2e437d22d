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
    private readonly Random _random;

    internal CrashStates(CrashMemory memory, int seed)
    {
        _memory = memory;
        _durable = (ulong[])memory.Before.Clone();
        _pending = [.. Enumerable.Range(0, memory.Content.Length / memory.WordsOfUnit).Select(_ => new List<MemoryEvent>())];
        _flushed = new int[_pending.Length];
        _random = new Random(seed);
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
                    Apply(_durable, _pending[flushed], _flushed[flushed]);
                    _pending[flushed].RemoveRange(0, _flushed[flushed]);
                    _flushed[flushed] = 0;
                    if (_pending[flushed].Count == 0)
                    {
                        _dirty.Remove(flushed);
                    }
                }

                break;
        }

        return true;
    }

    /// <summary>
    /// What a crash may leave at this point: all of it if that is not more than a limit, or else so many at random, with nothing and
    /// everything among them.
    /// </summary>
    internal IEnumerable<ulong[]> Here(int limit)
    {
        long all = 1;
        foreach (int unit in _dirty)
        {
            all = Math.Min(int.MaxValue, all * (_pending[unit].Count + 1));
        }

        for (long i = 0; i < Math.Min(all, limit); i++)
        {
            ulong[] state = (ulong[])_durable.Clone();
            long rest = i;
            foreach (int unit in _dirty)
            {
                int choices = _pending[unit].Count + 1;
                int arrived = all <= limit ? (int)(rest % choices) : i == 0 ? 0 : i == 1 ? choices - 1 : _random.Next(choices);
                rest /= choices;
                Apply(state, _pending[unit], arrived);
            }

            yield return state;
        }
    }

    private static void Apply(ulong[] words, List<MemoryEvent> stores, int count)
    {
        for (int i = 0; i < count; i++)
        {
            words[stores[i].Index] = stores[i].Value;
        }
    }
}
