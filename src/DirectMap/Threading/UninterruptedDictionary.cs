using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace DirectMap.Threading;

/// <summary>
/// A dictionary for many threads. Changing one of the BCL's takes locks, in which an interrupt may hit whoever gives something back; here
/// the interrupt is kept for whatever the thread waits for next. Reading takes no lock.
/// </summary>
internal sealed class UninterruptedDictionary<TKey, TValue>(IEqualityComparer<TKey>? comparer = null)
    : IEnumerable<KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, TValue> _entries = new(comparer ?? EqualityComparer<TKey>.Default);

    internal bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => _entries.TryGetValue(key, out value);

    /// <summary>Adds an entry, or puts it in the place of the one that is there.</summary>
    internal void Set(TKey key, TValue value) =>
        Uninterrupted.Run((_entries, key, value), static it => it._entries[it.key] = it.value); // Again, where it was done: the same.

    /// <summary>True for one thread.</summary>
    internal bool TryRemove(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        TValue? removed = default;
        bool isRemoved = false;
        Uninterrupted.Run(_entries, entries => isRemoved = entries.TryRemove(key, out removed)); // Its lock comes before all it does.
        value = removed;
        return isRemoved;
    }

    /// <summary>What is there, and some of what comes and goes meanwhile.</summary>
    public IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
