using System.Collections.Concurrent;

namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>What did not hold: how often, and the first ten in words.</summary>
internal sealed class Failures
{
    private const int Kept = 10;

    private readonly ConcurrentQueue<string> _first = new();
    private int _count;

    internal int Count => Volatile.Read(ref _count);

    internal void Add(string what)
    {
        if (Interlocked.Increment(ref _count) <= Kept)
        {
            _first.Enqueue(what);
        }
    }

    internal void Print()
    {
        foreach (string what in _first)
        {
            Console.WriteLine($"FAILED: {what}");
        }

        if (Count > Kept)
        {
            Console.WriteLine($"and {Count - Kept} more");
        }
    }
}
