using System.Diagnostics.Metrics;
using DirectMap.Threading;

namespace DirectMap.Telemetry;

/// <summary>
/// What is counted when somebody observes: known weakly, so that nothing lives longer for being counted. One measurement for each
/// configuration, however many share its name.
/// </summary>
internal sealed class Observed<T>
    where T : class
{
    private readonly UninterruptedLock _gate = new();
    private readonly List<(string? Configuration, WeakReference<T> Source)> _sources = [];
    private int _pruneAt = 16;

    internal void Add(string? configuration, T source)
    {
        WeakReference<T> weak = new(source);
        using (_gate.Enter())
        {
            if (_sources.Count >= _pruneAt)
            {
                _sources.RemoveAll(static known => !known.Source.TryGetTarget(out _));
                _pruneAt = Math.Max(16, 2 * _sources.Count);
            }

            _sources.Add((configuration, weak));
        }
    }

    internal IEnumerable<Measurement<long>> Measure(Func<T, long> count)
    {
        Dictionary<string, long> sums = [];
        using (_gate.Enter())
        {
            foreach ((string? configuration, WeakReference<T> weak) in _sources)
            {
                if (weak.TryGetTarget(out T? source))
                {
                    string name = configuration ?? "";
                    sums[name] = sums.GetValueOrDefault(name) + count(source);
                }
            }
        }

        return sums.Select(static sum => sum.Key.Length == 0
            ? new Measurement<long>(sum.Value)
            : new Measurement<long>(sum.Value, new KeyValuePair<string, object?>(TagNames.Configuration, sum.Key)));
    }
}
